"""The tables of a results file, as docs/fleet.md documents them; times are RFC 3339 in UTC, sizes are in bytes.

The schema is a promise, as that of the report is: columns and tables are added, never changed or removed, within one
number (`user_version`).
"""

from __future__ import annotations

from typing import Final

APPLICATION_ID: Final = 0x6F636966
"""Marks the file as ours (SQLite's ``application_id``): "ocif" in ASCII."""
VERSION: Final = 1
"""The number of the schema (SQLite's ``user_version``)."""

TABLES: Final = """
CREATE TABLE runs (
    id INTEGER PRIMARY KEY,
    started TEXT NOT NULL,              -- when the run began
    finished TEXT,                      -- when the last image was judged; NULL if the run was interrupted
    version TEXT NOT NULL,              -- version of ocianalyze
    sources TEXT NOT NULL,              -- JSON list: what was named on the command line
    request TEXT NOT NULL,              -- JSON object: the options that decide what comes of an image
    is_listed INTEGER NOT NULL DEFAULT 0,   -- whether all images of the sources are in 'images'
    seconds REAL NOT NULL DEFAULT 0,    -- wall clock time, of all sittings if the run was interrupted
    bytes_read INTEGER NOT NULL DEFAULT 0   -- bytes of layers that were read
);

CREATE TABLE images (
    id INTEGER PRIMARY KEY,
    run INTEGER NOT NULL REFERENCES runs,
    position INTEGER NOT NULL,          -- from 0, in the order of the sources
    reference TEXT NOT NULL,            -- the image as named or listed
    name TEXT,                          -- which image of a file it is, as --image takes it
    title TEXT,                         -- what people call it, such as IMAGE/VERSION in SageMaker
    app_image_config TEXT,              -- JSON object: the AppImageConfig that it is registered with
    profile TEXT,                       -- the profile that it is registered for
    users TEXT NOT NULL,                -- JSON list of texts: who uses it
    pinned TEXT,                        -- the reference with the digest that its tag led to; NULL if not opened yet
    documents TEXT,                     -- JSON list: digests of its manifests and its configuration in 'documents'
    digest TEXT,                        -- digest of its manifest
    config_digest TEXT,                 -- digest of its configuration
    platform TEXT,
    source TEXT,                        -- docker-archive, oci-archive, oci-layout, registry, stdin
    base TEXT,                          -- the base image that the image states (org.opencontainers.image.base.name)
    size INTEGER,                       -- sum of the files of its layers, as 'docker image ls' shows it
    compressed_size INTEGER,            -- size of the download
    verdict TEXT,                       -- pass, fail, undecided, error; NULL if not judged yet
    exit_code INTEGER,                  -- what 'ocianalyze scan' would exit with
    errors INTEGER,
    warnings INTEGER,
    notes INTEGER,
    undecided INTEGER,
    waived INTEGER,
    error_code TEXT,                    -- why it could not be analysed, for programs
    error_message TEXT,                 -- the same for people
    error_hint TEXT,                    -- what to do about it
    minimum_driver TEXT,                -- the oldest NVIDIA driver that its CUDA runs with
    seconds REAL,                       -- time to judge it, without reading layers
    UNIQUE (run, position)
);

CREATE TABLE layers (                   -- each distinct layer once, for all runs; what is stated of it tells it apart
    id INTEGER PRIMARY KEY,
    statement BLOB NOT NULL UNIQUE,     -- a short hash of what is stated of it: key, diff_id and size
    key TEXT NOT NULL,                  -- its digest in a registry, else its place in a file
    digest TEXT,                        -- digest as stored
    diff_id TEXT NOT NULL,              -- digest of the uncompressed layer
    size INTEGER,                       -- size as stored; NULL if it is not known before reading
    uncompressed_size INTEGER,          -- size of the tar; NULL if not read yet
    entries INTEGER                     -- number of entries of the tar; NULL if not read yet
);

CREATE TABLE image_layers (
    image INTEGER NOT NULL REFERENCES images,
    position INTEGER NOT NULL,          -- from 0 at the bottom
    layer INTEGER NOT NULL REFERENCES layers,
    created_by TEXT,                    -- build step, from the history of the image
    PRIMARY KEY (image, position)
) WITHOUT ROWID;

CREATE TABLE profiles (
    image INTEGER NOT NULL REFERENCES images,
    profile TEXT NOT NULL,
    verdict TEXT NOT NULL,
    errors INTEGER NOT NULL,
    warnings INTEGER NOT NULL,
    notes INTEGER NOT NULL,
    undecided INTEGER NOT NULL,
    selected INTEGER NOT NULL,          -- 1 if it decides the verdict of the image
    PRIMARY KEY (image, profile)
) WITHOUT ROWID;

CREATE TABLE findings (
    image INTEGER NOT NULL REFERENCES images,
    rule TEXT NOT NULL,
    name TEXT NOT NULL,                 -- name of the rule
    kind TEXT NOT NULL,                 -- finding or undecided
    severity TEXT NOT NULL,             -- error, warning, note
    profiles TEXT NOT NULL,             -- JSON list: the profiles that it concerns
    selected INTEGER NOT NULL,          -- 1 if it concerns a profile that decides the verdict
    message TEXT NOT NULL,
    hint TEXT,
    path TEXT,
    diff_id TEXT,                       -- the layer that is to blame
    created_by TEXT,                    -- its build step
    fingerprint TEXT NOT NULL,
    caused_by TEXT,                     -- the rule of the finding that it follows from
    waived TEXT                         -- the reason of the waiver that accepts it
);

CREATE TABLE drivers (                  -- only of images that need an NVIDIA driver
    image INTEGER NOT NULL REFERENCES images,
    driver TEXT NOT NULL,               -- first version of a branch
    cuda TEXT NOT NULL,                 -- the CUDA version that it was released with
    outcome TEXT NOT NULL,              -- sufficient, too-old, forward-compatible, refused, depends
    PRIMARY KEY (image, driver)
) WITHOUT ROWID;

CREATE TABLE reports (                  -- the whole report, as 'ocianalyze scan --format json' writes it
    image INTEGER PRIMARY KEY REFERENCES images,
    report BLOB NOT NULL                -- JSON in a zstd frame
);

CREATE TABLE documents (                -- manifests and configurations of images in registries, for all runs
    digest TEXT NOT NULL UNIQUE,
    media_type TEXT NOT NULL,           -- empty for a configuration
    content BLOB NOT NULL               -- its bytes in a zstd frame
);

CREATE INDEX image_layers_of_layer ON image_layers (layer);
CREATE INDEX findings_of_image ON findings (image);
CREATE INDEX findings_of_rule ON findings (rule);
"""
