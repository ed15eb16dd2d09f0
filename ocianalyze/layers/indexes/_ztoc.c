/* Runs of ordinary entries of a ztoc; see _listed.h and ztoc_entries.py. */

#include "_listed.h"

/* Where the fields of a FileMetadata lie in its table, in the order of ztoc_entries.py; 0 for one that is left out. */
enum { NAME, TYPE, OFFSET, SIZE, TARGET, MODE, UID, GID, TIME, MAJOR, MINOR, RECORDS, FIELDS };
/* The same of a record. */
enum { KEY, VALUE, RECORD_FIELDS };
enum { MOST_RECORDS = 8, SHORT_NAME = 100 };
static const long long LARGEST = 1LL << 62; /* tars: their places can be added to */

typedef struct {
    const unsigned char *start;
    Py_ssize_t size;
    long long left; /* how many bytes of strings and vectors may still be read; see flatbuffers.py */
} Buffer;

static uint32_t unsigned_at(const unsigned char *at)
{
    return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static int64_t signed_at(const unsigned char *at)
{
    return (int64_t)(unsigned_at(at) | (uint64_t)unsigned_at(at + 4) << 32);
}

/* Read the string at a position, an empty one at 0; return 0 if it is not wholly in the buffer. */
static int read_string(Buffer *buffer, long long position, Text *text)
{
    *text = (Text){buffer->start, 0};
    if (!position)
        return 1;
    if (position < 0 || position > buffer->size - 4)
        return 0;
    text->start += position + 4;
    text->size = unsigned_at(buffer->start + position);
    buffer->left -= text->size + 4;
    return text->size <= buffer->size - position - 4 && buffer->left >= 0;
}

/* Where the fields lie in the tables that have a certain vtable, and how long these are at least. */
typedef struct {
    long long vtable; /* 0 if none was read yet, as no vtable is there: the buffer begins with something else */
    uint16_t places[FIELDS], end;
} Layout;

/* Find where the `fields` fields of the table at a position lie, if `layouts` has its vtable and the table is wholly in the
   buffer: 1 if so, 0 if not, -1 on an error. */
static int find_layout(const Buffer *buffer, long long table, PyObject *layouts, int fields, Layout *layout)
{
    if (table < 0 || table > buffer->size - 4)
        return 0;
    long long vtable = table - (int32_t)unsigned_at(buffer->start + table);
    if (vtable <= 0)
        return 0;
    if (layout->vtable != vtable) {
        PyObject *key = PyLong_FromLongLong(vtable);
        PyObject *known = key ? PyDict_GetItemWithError(layouts, key) : NULL;
        Py_XDECREF(key);
        if (!known)
            return PyErr_Occurred() ? -1 : 0;
        char *places;
        Py_ssize_t size, width = fields * (Py_ssize_t)sizeof *layout->places;
        if (PyBytes_AsStringAndSize(known, &places, &size) < 0)
            return -1;
        if (size != width + (Py_ssize_t)sizeof layout->end) {
            PyErr_SetString(PyExc_ValueError, "these are not the layouts of such tables");
            return -1;
        }
        memcpy(layout->places, places, width);
        memcpy(&layout->end, places + width, sizeof layout->end);
        layout->vtable = vtable;
    }
    return table <= buffer->size - layout->end;
}

/* Return a reference in a table: where it leads, 0 if it is left out. */
static long long reference(const Buffer *buffer, long long table, uint16_t place)
{
    return place ? table + place + unsigned_at(buffer->start + table + place) : 0;
}

static long long wide(const Buffer *buffer, long long table, uint16_t place)
{
    return place ? signed_at(buffer->start + table + place) : 0;
}

static long long narrow(const Buffer *buffer, long long table, uint16_t place)
{
    return place ? unsigned_at(buffer->start + table + place) : 0;
}

/* Return how many bytes an extended header takes whose content has `size` bytes. */
static long long extended(long long size)
{
    return BLOCK + rounded(size);
}

/* Return how many bytes a PAX record has whose key and value have `size` bytes: it begins with that number. */
static long long record_size(long long size)
{
    long long power = 10, digits = 1;
    for (size += 3; size + digits >= power; power *= 10)
        digits++;
    return size + digits;
}

/* Add up the PAX records of an entry into `sum`: 1 if they are paths, links' targets and times only, 0 if not, -1 on an
   error. */
static int read_records(Buffer *buffer, long long position, PyObject *layouts, Layout *layout, long long *sum)
{
    *sum = 0;
    if (!position)
        return 1;
    if (position < 0 || position > buffer->size - 4)
        return 0;
    long long count = unsigned_at(buffer->start + position), at = position + 4;
    if (!count)
        return 1;
    buffer->left -= 4 + 4 * count;
    if (count > MOST_RECORDS || at + 4 * count > buffer->size || buffer->left < 0)
        return 0;
    for (long long end = at + 4 * count; at < end; at += 4) {
        long long table = at + unsigned_at(buffer->start + at);
        int is_known = find_layout(buffer, table, layouts, RECORD_FIELDS, layout);
        if (is_known != 1)
            return is_known;
        Text key, value;
        if (!read_string(buffer, reference(buffer, table, layout->places[KEY]), &key) ||
            !read_string(buffer, reference(buffer, table, layout->places[VALUE]), &value))
            return 0;
        if (!is(key, "path") && !is(key, "linkpath") && !is(key, "mtime") && !is(key, "atime") && !is(key, "ctime"))
            return 0;
        *sum += record_size(key.size + value.size);
    }
    return 1;
}

/* Tell whether an entry needs so many bytes before its content: for its header, and its extended headers. */
static int explains(long long gap, Text path, Text target, long long records)
{
    long long rest = gap - BLOCK - (records ? extended(records) : 0);
    long long for_path = path.size < SHORT_NAME ? 0 : extended(path.size + 1);
    long long for_target = target.size < SHORT_NAME ? 0 : extended(target.size + 1);
    return rest == 0 || rest == for_path || rest == for_target || rest == for_path + for_target;
}

/* What is read of a ztoc, and where the reading is; see EntryReader in ztoc_entries.py. */
typedef struct {
    Buffer buffer;
    Layout layout, record_layout;
    Identities identities;
    PyObject *layouts, *record_layouts, *entries, *headers, *nothing;
    long long tar_size, begin, end, first;
} Listing;

/* What a FileMetadata says. */
typedef struct {
    int kind;
    long long offset, stored, mtime, mode, uid, gid;
    Text path, target;
} Metadata;

/* Read the table at a position: 1 if it is ordinary, 0 if not, -1 on an error. */
static int read_metadata(Listing *listing, long long table, Metadata *found)
{
    Buffer *buffer = &listing->buffer;
    const uint16_t *places = listing->layout.places;
    Text type, time;
    int result = find_layout(buffer, table, listing->layouts, FIELDS, &listing->layout);
    if (result != 1)
        return result;
    if (!read_string(buffer, reference(buffer, table, places[NAME]), &found->path) ||
        !read_string(buffer, reference(buffer, table, places[TYPE]), &type) ||
        !read_string(buffer, reference(buffer, table, places[TIME]), &time) || !read_time(time, &found->mtime) ||
        memchr(found->path.start, 0, found->path.size))
        return 0;
    long long size = wide(buffer, table, places[SIZE]);
    found->kind = kind_of(type);
    found->offset = wide(buffer, table, places[OFFSET]);
    found->mode = wide(buffer, table, places[MODE]);
    found->uid = narrow(buffer, table, places[UID]);
    found->gid = narrow(buffer, table, places[GID]);
    found->stored = found->kind == FILE_KIND ? size : 0;
    found->target = (Text){buffer->start, 0};
    if (found->kind == SYMLINK_KIND || found->kind == HARDLINK_KIND) {
        if (!read_string(buffer, reference(buffer, table, places[TARGET]), &found->target) || !found->target.size ||
            found->target.size > LONGEST_TARGET || memchr(found->target.start, 0, found->target.size))
            return 0;
    }
    if (found->kind == ODD_KIND || size < 0 || found->offset < listing->end || found->offset > listing->tar_size ||
        found->stored > listing->tar_size - found->offset)
        return 0;
    long long gap = found->offset - listing->end, records;
    result = read_records(buffer, reference(buffer, table, places[RECORDS]), listing->record_layouts,
                          &listing->record_layout, &records);
    if (result != 1)
        return result;
    return gap >= BLOCK && gap % BLOCK == 0 && explains(gap, found->path, found->target, records);
}

/* Add an entry to those that were read; return -1 on an error. */
static int add_metadata(Listing *listing, const Metadata *found)
{
    PyObject *attributes = attributes_of(&listing->identities, found->mode, found->uid, found->gid);
    PyObject *path = decoded(found->path), *target = decoded(found->target);
    PyObject *entry = NULL;
    if (attributes && path && target)
        entry = Py_BuildValue("OiOLLOLLOO", path, found->kind, attributes, found->stored, found->mtime, target,
                              found->offset, found->stored, Py_None, listing->nothing);
    Py_XDECREF(path);
    Py_XDECREF(target);
    long long number = PyList_Size(listing->entries);
    if (append(listing->entries, entry) < 0)
        return -1;
    listing->end = found->offset;
    if (!found->stored)
        return 0;
    PyObject *header = Py_BuildValue("LLLL", listing->begin, found->offset, listing->first, number);
    listing->first = number + 1;
    listing->begin = listing->end = rounded(found->offset + found->stored);
    return append(listing->headers, header);
}

PyDoc_STRVAR(take_entries_doc,
"take_entries(buffer, left, positions, layouts, record_layouts, identities, entries, headers, state, /)\n--\n\n"
"Add the ordinary ones of the entries whose tables are at `positions`, from as many on as there are in `entries`.\n\n"
"`left` is how many bytes of strings may be read, `layouts` and `record_layouts` have the layouts of known vtables,\n"
"`identities` are `Identities`. `state` is the size of the tar, where the headers that come next begin, where\n"
"what was read ends, and the first entry whose headers they are; return what is left, and the last three as they are then.");

static PyObject *take_entries(PyObject *Py_UNUSED(module), PyObject *args)
{
    Listing listing = {0};
    PyObject *buffer, *positions, *told = NULL;
    if (!PyArg_ParseTuple(args, "SLO!O!O!OO!O!(LLLL)", &buffer, &listing.buffer.left, &PyList_Type, &positions,
                          &PyDict_Type, &listing.layouts, &PyDict_Type, &listing.record_layouts,
                          &listing.identities.all, &PyList_Type, &listing.entries, &PyList_Type, &listing.headers,
                          &listing.tar_size, &listing.begin, &listing.end, &listing.first))
        return NULL;
    listing.buffer.start = (const unsigned char *)PyBytes_AsString(buffer);
    listing.buffer.size = PyBytes_Size(buffer);
    listing.nothing = PyTuple_New(0);
    int result = !listing.nothing ? -1 : listing.tar_size <= LARGEST;
    Py_ssize_t count = PyList_Size(positions);
    for (Py_ssize_t at = PyList_Size(listing.entries); result == 1 && at < count; at++) {
        Metadata found;
        long long left = listing.buffer.left;
        long long position = PyLong_AsLongLong(PyList_GetItem(positions, at));
        result = position == -1 && PyErr_Occurred() ? -1 : read_metadata(&listing, position, &found);
        if (result == 0)
            listing.buffer.left = left; /* it is read again */
        if (result == 1 && add_metadata(&listing, &found) < 0)
            result = -1;
        if (result == 1 && at % PATIENCE == 0 && PyErr_CheckSignals() < 0)
            result = -1;
    }
    if (result >= 0)
        told = Py_BuildValue("LLLL", listing.buffer.left, listing.begin, listing.end, listing.first);
    forget(&listing.identities);
    Py_XDECREF(listing.nothing);
    return told;
}

static PyMethodDef methods[] = {
    {"take_entries", take_entries, METH_VARARGS, take_entries_doc},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef module = {
    PyModuleDef_HEAD_INIT, "_ztoc", "Ordinary entries of a ztoc, read at once.", 0, methods, NULL, NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit__ztoc(void)
{
    return PyModuleDef_Init(&module);
}
