/* Runs of ordinary entries of a table of contents, straight from its JSON; see _listed.h and tables.py. */

#include "_listed.h"

/* The fields of an entry and of a chunk that are texts, and those that are numbers. */
enum { KEY_TYPE, KEY_NAME, KEY_LINK, KEY_TIME, KEY_CHUNK_TYPE, KEY_CHUNK_DIGEST, KEY_DIGEST, TEXTS };
enum { KEY_MODE, KEY_UID, KEY_GID, KEY_SIZE, KEY_END, KEY_OFFSET, KEY_INNER, KEY_CHUNK_OFFSET, KEY_CHUNK_SIZE, NUMBERS };
#define KEY(word) {(const unsigned char *)(word), sizeof(word) - 1}
static const Text text_keys[] = {KEY("type"),      KEY("name"),        KEY("linkName"), KEY("modtime"),
                                 KEY("chunkType"), KEY("chunkDigest"), KEY("digest")};
static const Text number_keys[] = {KEY("mode"),   KEY("uid"),       KEY("gid"),         KEY("size"),     KEY("endOffset"),
                                   KEY("offset"), KEY("innerOffset"), KEY("chunkOffset"), KEY("chunkSize")};
static const Text xattrs_key = KEY("xattrs");
enum { UNKNOWN = -1, HOLE = 0, DIGITS = 18 };
static const long long FARTHEST = 1LL << 60; /* numbers that can be added to each other */

/* An object of a table; texts and numbers that are left out are empty and 0. */
typedef struct {
    Text texts[TEXTS];
    long long numbers[NUMBERS];
    const unsigned char *end, *next; /* behind it, and where the next object begins, or the end of the list */
} Item;

static const unsigned char *behind_space(const unsigned char *at, const unsigned char *end)
{
    while (at < end && (*at == ' ' || *at == '\t' || *at == '\n' || *at == '\r'))
        at++;
    return at;
}

/* Read a text without escapes that begins at `at`; return where it ends, NULL if it is none. */
static const unsigned char *read_text(const unsigned char *at, const unsigned char *end, Text *text)
{
    if (at == end || *at != '"')
        return NULL;
    const unsigned char *first = ++at;
    unsigned char odd = 0;
    if (!(at = memchr(first, '"', end - first)))
        return NULL;
    *text = (Text){first, at - first};
    for (Py_ssize_t i = 0; i < text->size; i++) /* without a way out, so that many are looked at at once */
        odd |= (first[i] < ' ') | (first[i] == '\\');
    return odd ? NULL : at + 1;
}

/* Read a number that is not negative; return where it ends, NULL if it is none, or too large. */
static const unsigned char *read_number(const unsigned char *at, const unsigned char *end, long long *value)
{
    const unsigned char *first = at;
    long long sum = 0;
    for (; at < end && at - first < DIGITS && *at >= '0' && *at <= '9'; at++)
        sum = 10 * sum + (*at - '0');
    if (at == first || at == end || (*first == '0' && at - first > 1) || sum > FARTHEST)
        return NULL;
    *value = sum;
    return *at == ',' || *at == '}' || *at == ' ' || *at == '\n' || *at == '\r' || *at == '\t' ? at : NULL;
}

/* Return which of the keys one is, -1 if it is none of them. */
static int find_key(Text key, const Text *keys, int count)
{
    for (int i = 0; i < count; i++)
        if (keys[i].size == key.size && memcmp(keys[i].start, key.start, key.size) == 0)
            return i;
    return -1;
}

/* Read the value of a key; return where it ends, NULL if it is not ordinary. */
static const unsigned char *read_value(const unsigned char *at, const unsigned char *end, Text key, Item *item)
{
    Text text = {at, 0};
    long long number = 0;
    if (at == end || find_key(key, &xattrs_key, 1) == 0)
        return NULL;
    int is_text = *at == '"', which;
    at = is_text ? read_text(at, end, &text) : read_number(at, end, &number);
    if ((which = find_key(key, text_keys, TEXTS)) >= 0) {
        item->texts[which] = text;
        return is_text ? at : NULL;
    }
    if ((which = find_key(key, number_keys, NUMBERS)) >= 0) {
        item->numbers[which] = number;
        return is_text ? NULL : at;
    }
    return at; /* the name of a user or a group, a number of links: nothing that counts */
}

/* Return where the next object of a list begins, or the list ends; NULL if it goes on in another way. */
static const unsigned char *next_object(const unsigned char *at, const unsigned char *end)
{
    at = behind_space(at, end);
    if (at < end && *at == ',') {
        at = behind_space(at + 1, end);
        return at < end && *at == '{' ? at : NULL;
    }
    return at < end && *at == ']' ? at : NULL;
}

/* Read the object that begins at `at`; return 0 if it is not ordinary. Its texts are UTF-8, as all of the document is. */
static int read_item(const unsigned char *at, const unsigned char *end, Item *item)
{
    memset(item, 0, sizeof *item);
    if (at == end || *at != '{')
        return 0;
    do {
        Text key;
        at = behind_space(at + 1, end);
        if (!(at = read_text(at, end, &key)))
            return 0;
        at = behind_space(at, end);
        if (at == end || *at != ':')
            return 0;
        if (!(at = read_value(behind_space(at + 1, end), end, key, item)))
            return 0;
        at = behind_space(at, end);
    } while (at < end && *at == ',');
    if (at == end || *at != '}')
        return 0;
    item->end = at + 1;
    item->next = next_object(at + 1, end);
    return item->next != NULL;
}

/* Tell whether all bytes of a name are there: none of them is zero, and none was replaced by U+FFFD. */
static int is_whole(Text text)
{
    const unsigned char *at = text.start, *end = at + text.size;
    while (text.size && (at = memchr(at, 0xEF, end - at)) != NULL) {
        if (end - at >= 3 && at[1] == 0xBF && at[2] == 0xBD)
            return 0;
        at++;
    }
    return 1;
}

/* The chunks that were read, as columns; see ChunkList in chunk_list.py. */
typedef struct {
    Py_ssize_t count, room;
    long long *columns[4]; /* starts, limits, inners, sizes */
} Chunks;

/* What is read of a table, and where the reading is; see `_Listing` in tables.py. */
typedef struct {
    const unsigned char *start, *end;
    PyObject *entries, *headers, *digests, *nothing;
    Identities identities;
    Chunks chunks;
    long long contents_end, at, offset, last, last_inner, begin, skip, first;
} Contents;

static int is_digest(Text said)
{
    if (said.size != 7 + 64 || memcmp(said.start, "sha256:", 7) != 0)
        return 0;
    for (int i = 7; i < said.size; i++)
        if (!((said.start[i] >= '0' && said.start[i] <= '9') || (said.start[i] >= 'a' && said.start[i] <= 'f')))
            return 0;
    return 1;
}

/* Add a chunk; return -1 on an error. */
static int add_chunk(Contents *contents, long long start, long long limit, long long inner, long long size, Text digest)
{
    Chunks *chunks = &contents->chunks;
    if (chunks->count == chunks->room) {
        Py_ssize_t room = chunks->room ? 2 * chunks->room : 256;
        for (int i = 0; i < 4; i++) {
            long long *more = PyMem_Realloc(chunks->columns[i], room * sizeof *more);
            if (!more) {
                PyErr_NoMemory();
                return -1;
            }
            chunks->columns[i] = more;
        }
        chunks->room = room;
    }
    const long long values[] = {start, limit, inner, size};
    for (int i = 0; i < 4; i++)
        chunks->columns[i][chunks->count] = values[i];
    chunks->count++;
    return append(contents->digests, decoded(digest));
}

/* Read the piece of a file that an item describes, of `size` bytes of which `done` were read, and add it to them: 1 if it
   is ordinary, 0 if not, -1 on an error. */
static int read_chunk(Contents *contents, const Item *item, long long size, long long limit, long long *done)
{
    const long long *numbers = item->numbers;
    long long left = size - *done, start = numbers[KEY_OFFSET], inner = numbers[KEY_INNER];
    long long length = numbers[KEY_CHUNK_SIZE] ? numbers[KEY_CHUNK_SIZE] : left;
    Text digest = item->texts[KEY_CHUNK_DIGEST], type = item->texts[KEY_CHUNK_TYPE], none = {type.start, 0};
    if (numbers[KEY_CHUNK_OFFSET] != *done || length <= 0 || length > left)
        return 0;
    if (is(type, "zeros")) { /* which are not stored */
        *done += length;
        return add_chunk(contents, contents->last, HOLE, 0, length, none) < 0 ? -1 : 1;
    }
    if (!digest.size && length == size)
        digest = item->texts[KEY_DIGEST];
    if (type.size || !is_digest(digest) || start < contents->last ||
        (start == contents->last && inner <= contents->last_inner))
        return 0;
    contents->last = start;
    contents->last_inner = inner + length - 1;
    *done += length;
    return add_chunk(contents, start, limit, inner, length, digest) < 0 ? -1 : 1;
}

/* What an entry says. */
typedef struct {
    int kind;
    long long size, mtime, mode, uid, gid, behind;
    Text path, target;
} Stated;

/* Read what an item says of an entry: 1 if it is ordinary, 0 if not. */
static int read_stated(const Item *item, Stated *found)
{
    const Text *texts = item->texts;
    const long long *numbers = item->numbers;
    *found = (Stated){kind_of(texts[KEY_TYPE]), 0, 0, numbers[KEY_MODE], numbers[KEY_UID], numbers[KEY_GID],
                      numbers[KEY_END], texts[KEY_NAME], {texts[KEY_NAME].start, 0}};
    if (!is_whole(found->path) || (texts[KEY_TIME].size && !read_time(texts[KEY_TIME], &found->mtime)))
        return 0;
    switch (found->kind) {
    case FILE_KIND:
        found->size = numbers[KEY_SIZE];
        return 1;
    case DIRECTORY_KIND:
        return 1;
    case SYMLINK_KIND:
    case HARDLINK_KIND:
        found->target = texts[KEY_LINK];
        return is_whole(found->target) && found->target.size && found->target.size <= LONGEST_TARGET;
    default:
        return 0;
    }
}

static int add_header(Contents *contents, long long number, long long chunk)
{
    return append(contents->headers,
                  Py_BuildValue("LLLLL", contents->begin, contents->skip, contents->first, number, chunk));
}

/* Read the entry of an item, with its chunks: 1 if all of it is ordinary, and so is what comes behind it, which `item` is
   then, 0 if not, -1 on an error. What is not ordinary is read again, so that `contents` must be as before then. */
static int read_contents(Contents *contents, Item *item, Stated *found)
{
    if (!read_stated(item, found) || found->size > FARTHEST - contents->offset)
        return 0;
    const unsigned char *next = item->next;
    long long done = 0, limit = found->behind ? found->behind : contents->contents_end;
    long long last = contents->last, last_inner = contents->last_inner;
    Py_ssize_t before = contents->chunks.count, first = PyList_Size(contents->digests);
    int result = found->size ? read_chunk(contents, item, found->size, limit, &done) : 1;
    while (result == 1 && *next != ']') {
        result = read_item(next, contents->end, item);
        if (result != 1 || !is(item->texts[KEY_TYPE], "chunk"))
            break;
        result = found->size ? read_chunk(contents, item, found->size, limit, &done) : 0;
        next = item->next;
    }
    if (result == 1 && done == found->size) {
        contents->at = next - contents->start;
        return 1;
    }
    contents->last = last;
    contents->last_inner = last_inner;
    contents->chunks.count = before;
    if (PyList_SetSlice(contents->digests, first, PyList_Size(contents->digests), NULL) < 0)
        return -1;
    return result < 0 ? -1 : 0;
}

/* Add an entry, whose chunks were added already, `before` of those of this run before them; return -1 on an error. */
static int add_contents(Contents *contents, const Stated *found, Py_ssize_t before)
{
    long long number = PyList_Size(contents->entries);
    PyObject *attributes = attributes_of(&contents->identities, found->mode, found->uid, found->gid);
    PyObject *path = decoded(found->path), *target = decoded(found->target), *entry = NULL;
    if (attributes && path && target)
        entry = Py_BuildValue("OiOLLOLLOO", path, found->kind, attributes, found->size, found->mtime, target,
                              contents->offset, found->size, Py_None, contents->nothing);
    Py_XDECREF(path);
    Py_XDECREF(target);
    if (append(contents->entries, entry) < 0)
        return -1;
    contents->offset += found->size;
    if (!found->size)
        return 0;
    const Chunks *chunks = &contents->chunks;
    long long *const *columns = chunks->columns, padding = rounded(found->size) - found->size;
    Py_ssize_t first = before, last = chunks->count - 1, earlier = PyList_Size(contents->digests) - chunks->count;
    while (first <= last && columns[1][first] == HOLE)
        first++;
    while (last >= first && columns[1][last] == HOLE)
        last--;
    if (first <= last && contents->begin != UNKNOWN && add_header(contents, number, earlier + first) < 0)
        return -1;
    if (found->behind) {
        contents->begin = found->behind;
        contents->skip = padding;
    } else if (first <= last) {
        contents->begin = columns[0][last];
        contents->skip = columns[2][last] + columns[3][last] + padding;
    } else {
        contents->begin = UNKNOWN; /* nothing tells where what comes behind it is */
    }
    contents->first = number + 1;
    return 0;
}

PyDoc_STRVAR(take_entries_doc,
"take_entries(raw, end, identities, entries, headers, digests, state, /)\n--\n\n"
"Add the ordinary ones of the entries that a document in JSON describes, with their chunks, from where `state` says on.\n\n"
"The contents end at byte `end` of the layer, `identities` are `Identities`. `state` is what `_Listing` has, and is returned\n"
"as it is then, with the columns of a ChunkList for the chunks that were added.");

static PyObject *take_entries(PyObject *Py_UNUSED(module), PyObject *args)
{
    Contents contents = {0};
    Item item;
    PyObject *raw, *told = NULL;
    if (!PyArg_ParseTuple(args, "SLOO!O!O!(LLLLLLL)", &raw, &contents.contents_end, &contents.identities.all,
                          &PyList_Type, &contents.entries, &PyList_Type, &contents.headers, &PyList_Type,
                          &contents.digests, &contents.at, &contents.offset, &contents.last, &contents.last_inner,
                          &contents.begin, &contents.skip, &contents.first))
        return NULL;
    contents.start = (const unsigned char *)PyBytes_AsString(raw);
    contents.end = contents.start + PyBytes_Size(raw);
    if (contents.at < 0 || contents.at > PyBytes_Size(raw)) {
        PyErr_SetString(PyExc_ValueError, "that is no place in the document");
        return NULL;
    }
    contents.nothing = PyTuple_New(0);
    int result = contents.nothing ? read_item(contents.start + contents.at, contents.end, &item) : -1;
    for (long long taken = 0; result == 1 && contents.start[contents.at] != ']'; taken++) {
        Stated found;
        Py_ssize_t before = contents.chunks.count;
        result = read_contents(&contents, &item, &found);
        if (result == 1 && add_contents(&contents, &found, before) < 0)
            result = -1;
        if (result == 1 && taken % PATIENCE == 0 && PyErr_CheckSignals() < 0)
            result = -1;
    }
    if (result >= 0) {
        Py_ssize_t size = contents.chunks.count * (Py_ssize_t)sizeof **contents.chunks.columns;
        long long **columns = contents.chunks.columns;
        told = Py_BuildValue("(LLLLLLL)y#y#y#y#", contents.at, contents.offset, contents.last, contents.last_inner,
                             contents.begin, contents.skip, contents.first, size ? (const char *)columns[0] : "", size,
                             size ? (const char *)columns[1] : "", size, size ? (const char *)columns[2] : "", size,
                             size ? (const char *)columns[3] : "", size);
    }
    for (int i = 0; i < 4; i++)
        PyMem_Free(contents.chunks.columns[i]);
    forget(&contents.identities);
    Py_XDECREF(contents.nothing);
    return told;
}

PyDoc_STRVAR(find_object_doc,
"find_object(raw, at, /)\n--\n\n"
"Return where the object of a list ends that begins at byte `at` of a document in JSON, and where the next one begins, or\n"
"the list ends; None if it does not go on like that. Whether the object is valid is not looked at.");

static PyObject *find_object(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyObject *raw;
    Py_ssize_t place;
    if (!PyArg_ParseTuple(args, "Sn", &raw, &place))
        return NULL;
    const unsigned char *start = (const unsigned char *)PyBytes_AsString(raw), *end = start + PyBytes_Size(raw);
    const unsigned char *at = place < 0 || place > end - start ? end : start + place, *next = NULL;
    int is_text = 0;
    long long depth = 0;
    if (at < end && *at == '{') {
        for (; at < end; at++) {
            if (is_text && *at == '\\' && at + 1 < end)
                at++;
            else if (*at == '"')
                is_text = !is_text;
            else if (!is_text && (*at == '{' || *at == '['))
                depth++;
            else if (!is_text && (*at == '}' || *at == ']') && --depth == 0)
                break;
        }
        if (at < end)
            next = next_object(at + 1, end);
    }
    if (!next)
        Py_RETURN_NONE;
    return Py_BuildValue("nn", (Py_ssize_t)(at + 1 - start), (Py_ssize_t)(next - start));
}

PyDoc_STRVAR(are_sound_doc,
"are_sound(starts, limits, inners, sizes, end, largest, ratio, most, /)\n--\n\n"
"Tell whether chunks end behind their beginnings, take at most `largest` bytes, stored or inflated, and inflate to at most\n"
"`most` bytes more than `ratio` times what is stored; see ChunkList, whose columns these are. `end` is where they end.");

static PyObject *are_sound(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyObject *given[4];
    Py_buffer views[4];
    long long end, largest, ratio, most, excess = 0;
    if (!PyArg_ParseTuple(args, "OOOOLLLL", &given[0], &given[1], &given[2], &given[3], &end, &largest, &ratio, &most))
        return NULL;
    int viewed = 0, is_sound = 1;
    while (viewed < 4 && PyObject_GetBuffer(given[viewed], &views[viewed], PyBUF_SIMPLE) == 0)
        viewed++;
    if (viewed == 4 && (views[0].len != views[1].len || views[0].len != views[2].len || views[0].len != views[3].len))
        PyErr_SetString(PyExc_ValueError, "the columns differ in length");
    if (!PyErr_Occurred()) {
        const long long *starts = views[0].buf, *limits = views[1].buf, *inners = views[2].buf, *sizes = views[3].buf;
        Py_ssize_t count = views[0].len / (Py_ssize_t)sizeof *starts;
        long long following = end, next = end; /* where what comes behind a chunk begins, and the chunk that comes next */
        for (Py_ssize_t i = count - 1; i >= 0 && is_sound; i--) {
            if (limits[i] == HOLE) {
                is_sound = sizes[i] <= largest;
                continue;
            }
            int is_last = starts[i] != next; /* of those in its member */
            if (is_last)
                following = next;
            next = starts[i];
            long long stop = following < limits[i] ? following : limits[i];
            is_sound = starts[i] < stop && stop - starts[i] <= largest && inners[i] <= largest &&
                       sizes[i] <= largest - inners[i];
            if (is_sound && is_last && inners[i] + sizes[i] > ratio * (stop - starts[i]))
                excess += inners[i] + sizes[i] - ratio * (stop - starts[i]);
        }
    }
    while (viewed)
        PyBuffer_Release(&views[--viewed]);
    return PyErr_Occurred() ? NULL : PyBool_FromLong(is_sound && excess <= most);
}

static PyMethodDef methods[] = {
    {"take_entries", take_entries, METH_VARARGS, take_entries_doc},
    {"find_object", find_object, METH_VARARGS, find_object_doc},
    {"are_sound", are_sound, METH_VARARGS, are_sound_doc},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef module = {
    PyModuleDef_HEAD_INIT, "_table", "Ordinary entries of a table of contents, read at once.", 0, methods, NULL, NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit__table(void)
{
    return PyModuleDef_Init(&module);
}
