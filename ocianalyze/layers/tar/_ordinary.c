/* Runs of ordinary tar headers become rows of a changeset.

   tarstream.py and building.py say how headers are read and what becomes of them, and they alone decide whatever is
   odd. This does what they do for what is not, in a fraction of the time: it looks at one header after the other and
   stops before the first that is not wholly ordinary, or not wholly in sight. It is optional: without it they read every
   header, with the same result.

   An ordinary header has a right checksum, a magic of ustar or GNU, octal digits in every field, and is that of a regular
   file, a directory, a symlink or a hardlink. Before it there may be a PAX header that holds a path, a link's target and
   times, and nothing else, and GNU headers that hold a long name and a long link. Its path is not so long that any runtime
   might refuse it, and in the root or in a directory that the layer has stated before; it is neither a whiteout nor does
   it take the place of a directory or a symlink of the same layer. */

#include "_entries.h"
#include <limits.h>
#include <unistd.h>

enum { MOST_IDENTITIES = 1 << 16, LONGEST_JOINED = 155 + 1 + 100, MOST_DIGITS = 18, LONGEST_NAME = 255,
       LONGEST_EXTENDED = 1000 };
enum { NAME = 0, MODE = 100, IDENTITY = 24, SIZE = 124, MTIME = 136, CHECKSUM = 148, FLAG = 156, LINK = 157, MAGIC = 257,
       DEVICE = 329, PREFIX = 345, TRAILER = 508 };

/* What a builder (building.py) shares with this file, in the order in which it passes it; ADD_... take bytes of columns. */
enum { NAMES, ADD_KINDS, ADD_PARENTS, ADD_IDENTITIES, ADD_SIZES, ADD_MTIMES, ADD_OFFSETS, DIRECTORIES, SYMLINKS, ALIASES,
       LINKS, IDENTITIES, INDEX, KEEP, TABLES };

/* Rows that the changeset has the names of already, and not yet the rest. */
enum { MOST_ROWS = 512 };
typedef struct {
    int count;
    unsigned char kinds[MOST_ROWS];
    int parents[MOST_ROWS];
    unsigned identities[MOST_ROWS];
    long long sizes[MOST_ROWS], mtimes[MOST_ROWS], offsets[MOST_ROWS];
} Rows;

typedef struct {
    PyObject *const *tables;
    Rows rows;
    /* The directory that was looked up last: most entries lie in the same one as those before. */
    Text directory;
    int has_parent, parent;
    /* The mode, uid and gid fields, or the Attributes, that were looked up last, which of the changeset's attributes they
       are, and the mode. */
    const unsigned char *identity;
    PyObject *attributes;
    unsigned index;
    PyObject *mode;
} Run;

typedef struct {
    int kind;
    long long size, mtime, offset;
    Text path, name, directory, link;
    int is_joined; /* whether the texts lie in a buffer that the next header overwrites */
    const unsigned char *header; /* NULL if it was read by somebody else, who has made its attributes */
    PyObject *attributes;
} Entry;

static int octal(const unsigned char *field, int digits, long long *value)
{
    long long sum = 0;
    for (int i = 0; i < digits; i++) {
        unsigned digit = field[i] - '0';
        if (digit > 7)
            return 0;
        sum = sum << 3 | digit;
    }
    *value = sum;
    return field[digits] == '\0' || field[digits] == ' ';
}

static Text up_to_zero(const unsigned char *field, Py_ssize_t size)
{
    const unsigned char *zero = memchr(field, 0, size);
    return (Text){field, zero ? zero - field : size};
}

/* Tell whether a device number is none, or octal digits; on files, too, as other readers read it there. */
static int is_device(const unsigned char *field)
{
    static const unsigned char none[8];
    long long ignored;
    return memcmp(field, none, sizeof none) == 0 || octal(field, 7, &ignored);
}

/* Tell whether a block is a header whose checksum, magic, size and device can be taken as they stand, and not star's. */
static int is_header(const unsigned char *block, long long *size)
{
    const unsigned char *field = block + CHECKSUM;
    long long stated;
    unsigned sum = 8 * ' ';
    if (memcmp(block + MAGIC, "ustar", 6) != 0 && memcmp(block + MAGIC, "ustar  ", 8) != 0)
        return 0;
    if (!octal(field, 6, &stated) || (field[6] ^ field[7]) != ' ')
        return 0;
    for (int i = 0; i < BLOCK; i++)
        sum += block[i];
    for (int i = 0; i < 8; i++)
        sum -= field[i];
    return (long long)sum == stated && octal(block + SIZE, 11, size) && is_device(block + DEVICE) &&
           is_device(block + DEVICE + 8) && memcmp(block + TRAILER, "tar", 4) != 0;
}

/* What the headers before an entry say of it: a GNU long name and long link, and the records of a PAX header. */
typedef struct {
    Text name, target, path, link, mtime, atime, ctime;
    int has_records;
} Extended;

static int begins(Text text, const char *key)
{
    Py_ssize_t size = (Py_ssize_t)strlen(key);
    return text.size >= size && memcmp(text.start, key, size) == 0;
}

/* Read whole seconds, what is behind a point left out, into `value`; return 0 if it is not surely a time. */
static int read_time(Text text, long long *value)
{
    const unsigned char *at = text.start, *end = text.start + text.size;
    int is_negative = at < end && *at == '-';
    at += is_negative;
    const unsigned char *first = at;
    long long sum = 0;
    for (; at < end && at - first < MOST_DIGITS && *at >= '0' && *at <= '9'; at++)
        sum = 10 * sum + (*at - '0');
    if (at == first)
        return 0;
    if (at < end && *at == '.')
        for (at++; at < end && *at >= '0' && *at <= '9'; at++)
            ;
    *value = is_negative ? -sum : sum;
    return at == end;
}

/* Read the content of a PAX header, `size` bytes, if it states paths, links' targets and times, each once at most, and
   nothing else: return 1 then, else 0. */
static int read_records(const unsigned char *content, long long size, Extended *extended)
{
    const struct {
        const char *key;
        Text *value;
    } known[] = {
        {"path=", &extended->path},   {"linkpath=", &extended->link}, {"mtime=", &extended->mtime},
        {"atime=", &extended->atime}, {"ctime=", &extended->ctime},
    };
    const unsigned char *at = content, *end = content + size;
    long long ignored;
    if (extended->has_records || memchr(content, 0, size))
        return 0;
    extended->has_records = 1;
    while (at < end) {
        const unsigned char *start = at;
        long long length = 0;
        for (; at < end && at - start < MOST_DIGITS && *at >= '0' && *at <= '9'; at++)
            length = 10 * length + (*at - '0');
        if (length <= at - start || length > end - start || *at != ' ' || start[length - 1] != '\n')
            return 0;
        Text record = {at + 1, start + length - 1 - (at + 1)}, *value = NULL;
        for (size_t i = 0; i < sizeof known / sizeof *known && !value; i++) {
            if (begins(record, known[i].key)) {
                Py_ssize_t key = (Py_ssize_t)strlen(known[i].key);
                value = known[i].value;
                if (value->size || record.size == key)
                    return 0;
                *value = (Text){record.start + key, record.size - key};
            }
        }
        if (!value)
            return 0;
        at = start + length;
    }
    return size > 0 && (!extended->atime.size || read_time(extended->atime, &ignored)) &&
           (!extended->ctime.size || read_time(extended->ctime, &ignored));
}

/* Divide the path of an entry into directory and name; return 0 if there is anything to normalise. */
static int divide(Entry *entry)
{
    Text path = entry->path;
    if (path.size > 2 && path.start[0] == '.' && path.start[1] == '/') {
        path.start += 2;
        path.size -= 2;
    }
    if (entry->kind == DIRECTORY_KIND && path.size && path.start[path.size - 1] == '/')
        path.size--;
    Py_ssize_t slash = path.size - 1;
    while (slash >= 0 && path.start[slash] != '/')
        slash--;
    if (slash == 0)
        return 0;
    entry->path = path;
    entry->directory = (Text){path.start, slash < 0 ? 0 : slash};
    entry->name = (Text){path.start + slash + 1, path.size - slash - 1};
    Text name = entry->name;
    int is_dots = name.size == 1 ? name.start[0] == '.' : name.size == 2 && memcmp(name.start, "..", 2) == 0;
    int is_marker = name.size >= 4 && memcmp(name.start, ".wh.", 4) == 0;
    return name.size && name.size <= LONGEST_NAME && !is_dots && !is_marker;
}

/* Tell whether a hardlink's target is written as paths are kept: nothing to leave out, no way up. */
static int is_plain(Text path)
{
    if (path.size == 0 || path.start[0] == '/' || path.start[path.size - 1] == '/' || path.start[0] == '.')
        return 0;
    for (Py_ssize_t i = 1; i < path.size; i++)
        if (path.start[i - 1] == '/' && (path.start[i] == '/' || path.start[i] == '.'))
            return 0;
    return 1;
}

static Text either(Text one, Text other)
{
    return one.size ? one : other;
}

/* Read the header at `block`; `extended` is what the headers before it say. Return 0 if it is not ordinary. */
static int read_header(const unsigned char *block, Extended extended, unsigned char *joined, Entry *entry)
{
    long long size;
    if (!is_header(block, &size) || !octal(block + MTIME, 11, &entry->mtime))
        return 0;
    if (extended.mtime.size && !read_time(extended.mtime, &entry->mtime))
        return 0;
    switch (block[FLAG]) {
    case '0': entry->kind = FILE_KIND; break;
    case '5': entry->kind = DIRECTORY_KIND; break;
    case '2': entry->kind = SYMLINK_KIND; break;
    case '1': entry->kind = HARDLINK_KIND; break;
    default: return 0;
    }
    entry->header = block;
    entry->attributes = NULL;
    entry->size = entry->kind == FILE_KIND ? size : 0;
    entry->link = either(either(extended.target, extended.link), up_to_zero(block + LINK, 100));
    entry->is_joined = 0;
    entry->path = either(extended.name, extended.path);
    if (!entry->path.size) {
        entry->path = up_to_zero(block + NAME, 100);
        if (block[PREFIX]) {
            if (block[MAGIC + 5] != '\0')
                return 0;
            Text prefix = up_to_zero(block + PREFIX, 155);
            memcpy(joined, prefix.start, prefix.size);
            joined[prefix.size] = '/';
            memcpy(joined + prefix.size + 1, entry->path.start, entry->path.size);
            entry->path = (Text){joined, prefix.size + 1 + entry->path.size};
            entry->is_joined = 1;
        }
    }
    return divide(entry);
}

/* Find the row of the directory that an entry lies in: 1 if there is one, 0 if that is not sure, -1 on an error. */
static int find_parent(Run *run, const Entry *entry)
{
    Text directory = entry->directory;
    if (run->has_parent && run->directory.size == directory.size &&
        memcmp(run->directory.start, directory.start, directory.size) == 0)
        return 1;
    PyObject *key = decoded(directory);
    if (!key)
        return -1;
    PyObject *parent = PyDict_GetItemWithError(run->tables[DIRECTORIES], key);
    Py_DECREF(key);
    run->has_parent = 0;
    if (!parent)
        return PyErr_Occurred() ? -1 : 0;
    if (!PyLong_Check(parent))
        return 0; /* a symlink */
    long row = PyLong_AsLong(parent);
    if (row < 0 || row > INT_MAX)
        return PyErr_Occurred() ? -1 : 0;
    run->parent = (int)row;
    run->has_parent = 1;
    run->directory = directory;
    return 1;
}

/* Read the mode, the uid and the gid of an entry; return 0 if they are odd. */
static int read_identity(const Entry *entry, long long *mode, long long *uid, long long *gid)
{
    const unsigned char *fields = entry->header + MODE;
    if (entry->header)
        return octal(fields, 7, mode) && octal(fields + 8, 7, uid) && octal(fields + 16, 7, gid);
    if (PyArg_ParseTuple(entry->attributes, "LLL", mode, uid, gid))
        return 1;
    PyErr_Clear();
    return 0;
}

/* Find which of the changeset's attributes an entry has: 1 if that is known, 0 if they are odd, -1 on an error. */
static int find_identity(Run *run, const Entry *entry)
{
    long long mode, uid, gid;
    const unsigned char *fields = entry->header ? entry->header + MODE : NULL;
    if (run->mode && (fields ? memcmp(run->identity, fields, IDENTITY) == 0 : run->attributes == entry->attributes))
        return 1;
    PyObject *identities = run->tables[IDENTITIES];
    PyObject *key = fields ? PyBytes_FromStringAndSize((const char *)fields, IDENTITY) : Py_NewRef(entry->attributes);
    if (!key)
        return -1;
    PyObject *found = Py_XNewRef(PyDict_GetItemWithError(identities, key));
    int result = found ? 1 : PyErr_Occurred() ? -1 : 0;
    if (!result && read_identity(entry, &mode, &uid, &gid)) {
        if (PyDict_Size(identities) >= MOST_IDENTITIES)
            PyDict_Clear(identities);
        found = PyObject_CallFunction(run->tables[INDEX], "LLL", mode & 07777, uid, gid);
        result = found && PyDict_SetItem(identities, key, found) == 0 ? 1 : -1;
    }
    Py_DECREF(key);
    if (result == 1) {
        PyObject *known;
        if (!PyArg_ParseTuple(found, "IO", &run->index, &known)) {
            result = -1;
        } else {
            Py_XDECREF(run->mode);
            run->mode = Py_NewRef(known);
            run->identity = fields;
            run->attributes = entry->attributes;
        }
    }
    Py_XDECREF(found);
    return result;
}

/* Give the changeset the rest of the rows; return -1 on an error. */
static int flush(PyObject *const *tables, Rows *rows)
{
    const struct {
        int add;
        const void *start;
        size_t size;
    } columns[] = {
        {ADD_KINDS, rows->kinds, sizeof *rows->kinds},
        {ADD_PARENTS, rows->parents, sizeof *rows->parents},
        {ADD_IDENTITIES, rows->identities, sizeof *rows->identities},
        {ADD_SIZES, rows->sizes, sizeof *rows->sizes},
        {ADD_MTIMES, rows->mtimes, sizeof *rows->mtimes},
        {ADD_OFFSETS, rows->offsets, sizeof *rows->offsets},
    };
    for (size_t i = 0; rows->count && i < sizeof columns / sizeof *columns; i++) {
        PyObject *bytes = PyBytes_FromStringAndSize(columns[i].start, rows->count * columns[i].size);
        PyObject *result = bytes ? PyObject_CallFunctionObjArgs(tables[columns[i].add], bytes, NULL) : NULL;
        Py_XDECREF(bytes);
        Py_XDECREF(result);
        if (!result)
            return -1;
    }
    rows->count = 0;
    return 0;
}

/* Take note of what a link leads to: 1 if that is done, 0 if it is not ordinary, -1 on an error. */
static int add_link(Run *run, const Entry *entry, PyObject *path, PyObject *row)
{
    PyObject *target = decoded(entry->link);
    if (!target)
        return -1;
    int result = 1;
    if (entry->kind == HARDLINK_KIND) {
        int linked = is_plain(entry->link) ? PyDict_Contains(run->tables[SYMLINKS], target) : 1;
        result = linked < 0 ? -1 : !linked;
    } else if (entry->link.size == 0) {
        result = 0;
    } else {
        PyDict_Clear(run->tables[ALIASES]);
        if (PyDict_SetItem(run->tables[SYMLINKS], path, target) < 0 ||
            PyDict_SetItem(run->tables[DIRECTORIES], path, Py_None) < 0)
            result = -1;
    }
    if (result == 1 && PyDict_SetItem(run->tables[LINKS], row, target) < 0)
        result = -1;
    Py_DECREF(target);
    return result;
}

static int add_row(Run *run, const Entry *entry, PyObject *name)
{
    Rows *rows = &run->rows;
    if (rows->count == MOST_ROWS && flush(run->tables, rows) < 0)
        return -1;
    if (PyList_Append(run->tables[NAMES], name) < 0)
        return -1;
    int row = rows->count++;
    rows->kinds[row] = (unsigned char)entry->kind;
    rows->parents[row] = run->parent;
    rows->identities[row] = run->index;
    rows->sizes[row] = entry->size;
    rows->mtimes[row] = entry->mtime;
    rows->offsets[row] = entry->offset;
    return 0;
}

static int keep_content(Run *run, const Entry *entry, PyObject *row, PyObject *path, PyObject *name)
{
    PyObject *result = PyObject_CallFunction(run->tables[KEEP], "OOOOLL", row, path, name,
                                             run->mode, entry->offset, entry->size);
    Py_XDECREF(result);
    return result ? 0 : -1;
}

/* Add an entry: 1 if that is done, 0 if it is not ordinary after all, -1 on an error. */
static int add_entry(Run *run, const Entry *entry)
{
    int result = find_parent(run, entry);
    if (result == 1)
        result = find_identity(run, entry);
    if (result != 1)
        return result;
    PyObject *row = PyLong_FromSsize_t(PyList_Size(run->tables[NAMES]));
    PyObject *path = decoded(entry->path);
    PyObject *name = decoded(entry->name);
    if (!row || !path || !name) {
        result = -1;
        goto done;
    }
    PyObject *known = PyDict_GetItemWithError(run->tables[DIRECTORIES], path);
    if (!known && PyErr_Occurred()) {
        result = -1;
    } else if (entry->kind == DIRECTORY_KIND) {
        result = known == Py_None ? 0 : PyDict_SetItem(run->tables[DIRECTORIES], path, row) == 0 ? 1 : -1;
    } else if (known) {
        result = 0;
    } else if (entry->kind != FILE_KIND) {
        result = add_link(run, entry, path, row);
    }
    if (result == 1 && add_row(run, entry, name) < 0)
        result = -1;
    if (result == 1 && entry->size && run->tables[KEEP] != Py_None && keep_content(run, entry, row, path, name) < 0)
        result = -1;
done:
    Py_XDECREF(row);
    Py_XDECREF(path);
    Py_XDECREF(name);
    if (entry->kind == DIRECTORY_KIND || entry->is_joined)
        run->has_parent = 0; /* it may have another row from now on, or its name is about to be overwritten */
    return result;
}

enum { ODD, READ, HIDDEN };

/* Read the header at `at`, and the extended headers before it if there are any, into `entry`; `position` is where `at` is
   in the whole tar. Return READ, ODD if the header is not ordinary, or HIDDEN if it is not wholly in sight. */
static int read_entry(const unsigned char *data, Py_ssize_t size, Py_ssize_t at, long long position,
                      unsigned char *joined, Entry *entry)
{
    static const Text nothing;
    Extended extended = {nothing, nothing, nothing, nothing, nothing, nothing, nothing, 0};
    Py_ssize_t head = at;
    for (;;) {
        const unsigned char *block = data + head, *content = block + BLOCK;
        unsigned char flag = block[FLAG];
        long long length, ignored;
        if (flag != 'x' && flag != 'L' && flag != 'K')
            break;
        if (!is_header(block, &length) || !octal(block + MODE, 7, &ignored) || !octal(block + MODE + 8, 7, &ignored) ||
            !octal(block + MODE + 16, 7, &ignored) || !octal(block + MTIME, 11, &ignored) || length > LONGEST_EXTENDED)
            return ODD;
        if (head + BLOCK + rounded(length) + BLOCK > size)
            return HIDDEN;
        if (flag == 'x') {
            if (!read_records(content, length, &extended))
                return ODD;
        } else {
            Text *text = flag == 'L' ? &extended.name : &extended.target;
            if (text->size)
                return ODD;
            *text = up_to_zero(content, (Py_ssize_t)length);
        }
        head += BLOCK + (Py_ssize_t)rounded(length);
    }
    entry->offset = position + (head - at) + BLOCK;
    return read_header(data + head, extended, joined, entry) ? READ : ODD;
}

/* What is known of a tar while it is gone through. */
typedef struct {
    long long position, end;  /* where the next header begins, and where the tar ends */
    long long room;           /* how many entries may still be taken */
    long long taken, content_end, bytes_read;
    int is_hidden; /* whether what comes next is not wholly in sight */
} Progress;

/* Take the entries in `data`, which shows the tar from `start` on: 1 when it came to what is odd or not in sight, -1 on an
   error. */
static int take_entries(Run *run, const unsigned char *data, Py_ssize_t size, long long start, Progress *to)
{
    unsigned char joined[LONGEST_JOINED];
    int result = 1;
    run->has_parent = 0; /* what was looked up last is no longer in sight */
    Py_CLEAR(run->mode);
    to->is_hidden = 0;
    while (to->taken < to->room) {
        Entry entry;
        long long at = to->position - start;
        int seen = at > size - BLOCK ? HIDDEN : read_entry(data, size, at, to->position, joined, &entry);
        to->is_hidden = seen == HIDDEN;
        if (seen != READ || entry.size > to->end - entry.offset)
            break;
        result = add_entry(run, &entry);
        if (result != 1)
            break;
        to->taken++;
        to->content_end = entry.offset + entry.size;
        to->position = rounded(to->content_end);
    }
    return result < 0 ? -1 : 1;
}

static void begin(Run *run, PyObject *const *tables)
{
    run->tables = tables;
    run->rows.count = 0;
    run->mode = NULL;
}

/* Return what was taken; NULL if `result` is that of an error. */
static PyObject *told(Run *run, const Progress *to, int result)
{
    Py_XDECREF(run->mode);
    if (result < 0 || flush(run->tables, &run->rows) < 0)
        return NULL;
    return Py_BuildValue("LLLL", to->taken, to->position, to->content_end, to->bytes_read);
}

/* Fill in the tables of a builder, which keeps them alive; return 0, with an error, if they are something else. */
static int read_tables(PyObject *given, PyObject **tables)
{
    static const int dicts[] = {DIRECTORIES, SYMLINKS, ALIASES, LINKS, IDENTITIES};
    int is_right = PyTuple_Check(given) && PyTuple_Size(given) == TABLES;
    for (int i = 0; is_right && i < TABLES; i++)
        tables[i] = PyTuple_GetItem(given, i);
    is_right = is_right && PyList_CheckExact(tables[NAMES]);
    for (size_t i = 0; is_right && i < sizeof dicts / sizeof *dicts; i++)
        is_right = PyDict_CheckExact(tables[dicts[i]]);
    if (!is_right)
        PyErr_SetString(PyExc_TypeError, "these are not the tables of a builder");
    return is_right;
}

PyDoc_STRVAR(take_doc,
"take(tables, data, start, position, end, room, /)\n--\n\n"
"Add the ordinary entries from byte `position` of a tar on, as far as `data` shows them, which begins at byte `start`.\n\n"
"The tar ends at byte `end`; `room` entries are added at most. Return how many were added, at which byte the next header\n"
"begins, where the content of the last one ends, and 0.");

static PyObject *take(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyObject *given, *tables[TABLES], *data;
    long long start;
    Progress to = {0};
    if (!PyArg_ParseTuple(args, "OSLLLL", &given, &data, &start, &to.position, &to.end, &to.room))
        return NULL;
    if (!read_tables(given, tables))
        return NULL;
    Run run;
    int result = 1;
    begin(&run, tables);
    to.content_end = to.position;
    if (to.position >= start && to.position - start <= PyBytes_Size(data))
        result = take_entries(&run, (const unsigned char *)PyBytes_AsString(data), PyBytes_Size(data), start, &to);
    return told(&run, &to, result);
}

/* Return the UTF-8 of a text, which lives as long as this; one without a start if there is none. */
static Text stated(PyObject *text)
{
    Text found = {NULL, 0};
    if (PyUnicode_CheckExact(text))
        found.start = (const unsigned char *)PyUnicode_AsUTF8AndSize(text, &found.size);
    if (!found.start)
        PyErr_Clear();
    return found;
}

/* Read an entry that somebody else has read, a RawEntry (entry.py); return 0 if it is not ordinary. */
static int read_listed(PyObject *raw, Entry *entry)
{
    PyObject *path, *link, *xattrs, *refusals;
    long long stored;
    if (!PyTuple_Check(raw) || !PyArg_ParseTuple(raw, "OiOLLOLLOO", &path, &entry->kind, &entry->attributes, &entry->size,
                                                 &entry->mtime, &link, &entry->offset, &stored, &xattrs, &refusals)) {
        PyErr_Clear();
        return 0;
    }
    entry->header = NULL;
    entry->is_joined = 0;
    entry->path = stated(path);
    entry->link = stated(link);
    return entry->kind >= FILE_KIND && entry->kind <= HARDLINK_KIND && PyTuple_Check(entry->attributes) &&
           entry->size >= 0 && xattrs == Py_None && PyTuple_Check(refusals) && PyTuple_Size(refusals) == 0 &&
           entry->path.start && entry->link.start && entry->path.size <= LONGEST_EXTENDED && divide(entry);
}

PyDoc_STRVAR(add_doc,
"add(tables, entries, at, room, /)\n--\n\n"
"Add the ordinary ones of `entries`, which somebody else has read, from number `at` on, `room` of them at most.\n\n"
"Return which comes next. None of their contents is kept.");

static PyObject *add(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyObject *given, *tables[TABLES], *entries;
    Py_ssize_t at, room;
    if (!PyArg_ParseTuple(args, "OO!nn", &given, &PyList_Type, &entries, &at, &room) || !read_tables(given, tables))
        return NULL;
    Run run = {0};
    int result = 1;
    begin(&run, tables);
    Py_ssize_t count = PyList_Size(entries), end = count - at > room ? at + room : count;
    for (; at >= 0 && at < end; at++) {
        Entry entry;
        PyObject *raw = PyList_GetItem(entries, at);
        result = raw ? read_listed(raw, &entry) : -1;
        if (result == 1)
            result = add_entry(&run, &entry);
        if (result != 1)
            break;
    }
    Py_XDECREF(run.mode);
    if (result < 0 || flush(tables, &run.rows) < 0)
        return NULL;
    return PyLong_FromSsize_t(at);
}

PyDoc_STRVAR(walk_doc,
"walk(tables, descriptor, offset, position, end, room, width, /)\n--\n\n"
"Add the ordinary entries from byte `position` of a tar on that begins at byte `offset` of an open file.\n\n"
"The headers are read `width` bytes at a time, fewer where bodies lie between them. The rest is as for `take`; the last\n"
"number is how many bytes were read. What cannot be read is left to who reads it again.");

static PyObject *walk(PyObject *Py_UNUSED(module), PyObject *args)
{
    static const Py_ssize_t smallest = 1 << 11;
    PyObject *given, *tables[TABLES];
    int descriptor;
    long long offset, limit = 0;
    Py_ssize_t width = smallest, widest;
    Progress to = {0};
    if (!PyArg_ParseTuple(args, "OiLLLLn", &given, &descriptor, &offset, &to.position, &to.end, &to.room, &widest))
        return NULL;
    if (!read_tables(given, tables))
        return NULL;
    unsigned char *buffer = widest >= smallest ? PyMem_Malloc(widest) : NULL;
    if (!buffer)
        return PyErr_NoMemory();
    Run run;
    int result = 1;
    begin(&run, tables);
    to.content_end = limit = to.position;
    while (result == 1 && to.taken < to.room) {
        long long before = to.position, gap = before - limit;
        if (gap < width / 2 && width < widest)
            width *= 2;
        else if (gap > width && width > smallest)
            width /= 2;
        Py_ssize_t want = to.end - before < width ? (Py_ssize_t)(to.end - before) : width, size;
        Py_BEGIN_ALLOW_THREADS
        size = want > 0 ? pread(descriptor, buffer, want, offset + before) : 0;
        Py_END_ALLOW_THREADS
        if (PyErr_CheckSignals() < 0)
            result = -1;
        if (size < BLOCK || result < 0)
            break;
        to.bytes_read += size;
        limit = before + size;
        result = take_entries(&run, buffer, size, before, &to);
        if (to.position == before && !(to.is_hidden && width < widest && size == width))
            break; /* what comes next is odd, or could not be seen with the widest view, which else gets wider */
    }
    PyMem_Free(buffer);
    return told(&run, &to, result);
}

static PyMethodDef methods[] = {
    {"take", take, METH_VARARGS, take_doc},
    {"walk", walk, METH_VARARGS, walk_doc},
    {"add", add, METH_VARARGS, add_doc},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef module = {
    PyModuleDef_HEAD_INIT, "_ordinary", "Runs of ordinary tar headers, read at once.", 0, methods, NULL, NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit__ordinary(void)
{
    return PyModuleDef_Init(&module);
}
