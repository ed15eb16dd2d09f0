/* Loops over the columns of a changeset, which has up to millions of rows. columns.py says what they are for, and has each
   in Python, too: this is optional, and gives the same results. */

#define PY_SSIZE_T_CLEAN
#define Py_LIMITED_API 0x030B0000 /* compiled once for every Python from 3.11 on */
#include <Python.h>
#include <stdint.h>

/* What a changeset has for each row; see changeset.py. */
typedef struct {
    const int *parents;
    const unsigned char *kinds;
    Py_ssize_t rows;
    Py_buffer views[4]; /* to be released */
    int viewed;
} Columns;

static void release(Columns *columns)
{
    while (columns->viewed)
        PyBuffer_Release(&columns->views[--columns->viewed]);
}

/* Return the elements of a column, which must have one of `size` bytes for each row. */
static const void *elements(Columns *columns, PyObject *column, Py_ssize_t size)
{
    Py_buffer *view = &columns->views[columns->viewed];
    if (PyObject_GetBuffer(column, view, PyBUF_SIMPLE) < 0)
        return NULL;
    columns->viewed++;
    if (view->len == columns->rows * size)
        return view->buf;
    PyErr_SetString(PyExc_ValueError, "the columns differ in length");
    return NULL;
}

/* How many rows are gone through between two looks at whether somebody wants this process to end. */
#define PATIENCE 0xFFFFF

/* Tell whether to go on with `row`: now and then, handlers of signals get their turn, which may raise. */
static int goes_on(Py_ssize_t row)
{
    return (row & PATIENCE) != PATIENCE || PyErr_CheckSignals() == 0;
}

/* Tell whether every row lies in one before it, the root in itself, so that every path leads to the root. */
static int is_tree(const Columns *columns)
{
    if (columns->rows < 1 || columns->parents[0] != 0)
        return 0;
    for (Py_ssize_t row = 1; row < columns->rows; row++)
        if (columns->parents[row] < 0 || columns->parents[row] >= row)
            return 0;
    return 1;
}

PyDoc_STRVAR(by_directory_doc,
"by_directory(parents, rows, /)\n--\n\n"
"Return the rows but the root, as C integers, in the order of their parents, and in their own within a directory; and for\n"
"each row how many of these lie in it or in one before it.");

static PyObject *by_directory(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyObject *parents, *result = NULL;
    Columns columns = {0};
    if (!PyArg_ParseTuple(args, "On", &parents, &columns.rows))
        return NULL;
    columns.parents = elements(&columns, parents, sizeof *columns.parents);
    if (columns.parents && !is_tree(&columns))
        PyErr_SetString(PyExc_ValueError, "a row lies in none before it");
    if (!PyErr_Occurred()) {
        int *next = PyMem_Calloc(columns.rows + 1, sizeof *next);
        int *ordered = PyMem_Calloc(columns.rows, sizeof *ordered);
        if (next && ordered) {
            for (Py_ssize_t row = 1; row < columns.rows; row++)
                next[columns.parents[row] + 1]++;
            for (Py_ssize_t row = 1; row < columns.rows; row++)
                next[row] += next[row - 1];
            for (Py_ssize_t row = 1; row < columns.rows; row++)
                ordered[next[columns.parents[row]]++] = (int)row;
            result = Py_BuildValue("y#y#", (const char *)ordered, (columns.rows - 1) * (Py_ssize_t)sizeof *ordered,
                                   (const char *)next, columns.rows * (Py_ssize_t)sizeof *next);
        } else {
            PyErr_NoMemory();
        }
        PyMem_Free(next);
        PyMem_Free(ordered);
    }
    release(&columns);
    return result;
}

/* Return where a name in a directory belongs in a table: its hash, which has a secret of this process in it, and the row
   of the directory, which whoever made the layer chose, so mixed that rows cannot be chosen to meet (the finalizer of
   MurmurHash3). */
static size_t slot_of(Py_hash_t hash, int parent)
{
    uint64_t mixed = (uint64_t)hash ^ (uint64_t)parent * UINT64_C(0x9E3779B97F4A7C15);
    mixed = (mixed ^ mixed >> 33) * UINT64_C(0xFF51AFD7ED558CCD);
    mixed = (mixed ^ mixed >> 33) * UINT64_C(0xC4CEB9FE1A85EC53);
    return (size_t)(mixed ^ mixed >> 33);
}

/* The rows whose path an earlier row has, each with the first such row; and for each row the first of its path, if all of
   them are directories: what any of them has in it lies in one directory. */
typedef struct {
    int *pairs, *first;
    Py_ssize_t size, room;
} Repeats;

static int add_repeat(Repeats *repeats, int row, int first)
{
    if (repeats->size + 2 > repeats->room) {
        Py_ssize_t room = repeats->room ? 2 * repeats->room : 64;
        int *more = PyMem_Realloc(repeats->pairs, room * sizeof *more);
        if (!more) {
            PyErr_NoMemory();
            return -1;
        }
        repeats->pairs = more;
        repeats->room = room;
    }
    repeats->pairs[repeats->size++] = row;
    repeats->pairs[repeats->size++] = first;
    return 0;
}

/* Find the row in `table` that has the name and the directory of `row`: 0 if there is none, which is then put there, and -1
   on an error. */
static int look_up(const Columns *columns, const Repeats *repeats, PyObject *names, int *table, size_t slots, int row)
{
    PyObject *name = PyList_GetItem(names, row);
    Py_hash_t hash = name && PyUnicode_CheckExact(name) ? PyObject_Hash(name) : -1;
    if (hash == -1) {
        if (!PyErr_Occurred())
            PyErr_SetString(PyExc_TypeError, "a name is no text");
        return -1;
    }
    int parent = repeats->first[columns->parents[row]];
    size_t slot = slot_of(hash, parent) & (slots - 1);
    for (; table[slot]; slot = (slot + 1) & (slots - 1)) {
        PyObject *other = PyList_GetItem(names, table[slot]);
        if (!other)
            return -1;
        if (repeats->first[columns->parents[table[slot]]] == parent && PyObject_Hash(other) == hash &&
            PyUnicode_Compare(name, other) == 0)
            return table[slot];
    }
    table[slot] = row;
    return 0;
}

static int is_one_of(unsigned char kind, const char *two)
{
    return kind == (unsigned char)two[0] || kind == (unsigned char)two[1];
}

/* Find the repeats among the rows that are no `marker`; return -1 on an error. */
static int search_repeats(const Columns *columns, PyObject *names, unsigned char marker, const char *directories,
                          Repeats *repeats)
{
    size_t slots = 16;
    while (slots < 2 * (size_t)columns->rows)
        slots *= 2;
    int *table = PyMem_Calloc(slots, sizeof *table); /* of rows; 0 is the root, and so stands for none */
    int result = 0;
    repeats->first = PyMem_Calloc(columns->rows, sizeof *repeats->first);
    if (!table || !repeats->first) {
        PyErr_NoMemory();
        result = -1;
    }
    for (Py_ssize_t row = 1; row < columns->rows && result == 0; row++) {
        repeats->first[row] = (int)row;
        if (!goes_on(row))
            result = -1;
        if (result || columns->kinds[row] == marker)
            continue;
        int found = look_up(columns, repeats, names, table, slots, (int)row);
        result = found <= 0 ? found : add_repeat(repeats, (int)row, found);
        if (found > 0 && is_one_of(columns->kinds[row], directories) && is_one_of(columns->kinds[found], directories))
            repeats->first[row] = found;
    }
    PyMem_Free(table);
    return result;
}

PyDoc_STRVAR(find_repeats_doc,
"find_repeats(names, parents, kinds, marker, directories, /)\n--\n\n"
"Return the rows whose path an earlier row has, each with the first such row, as C integers.\n\n"
"Rows whose kind is `marker` are left out. Rows whose kinds are among the two `directories` and whose paths are the same\n"
"are one directory.");

static PyObject *find_repeats(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyObject *names, *parents, *kinds, *result = NULL;
    unsigned char marker;
    const char *directories;
    Py_ssize_t size;
    Columns columns = {0};
    Repeats repeats = {0};
    if (!PyArg_ParseTuple(args, "O!OOby#", &PyList_Type, &names, &parents, &kinds, &marker, &directories, &size))
        return NULL;
    columns.rows = PyList_Size(names);
    columns.parents = elements(&columns, parents, sizeof *columns.parents);
    columns.kinds = columns.parents ? elements(&columns, kinds, 1) : NULL;
    if (columns.kinds && size != 2)
        PyErr_SetString(PyExc_ValueError, "there are two kinds of directories");
    else if (columns.kinds && !is_tree(&columns))
        PyErr_SetString(PyExc_ValueError, "a row lies in none before it");
    else if (columns.kinds && search_repeats(&columns, names, marker, directories, &repeats) == 0)
        result = PyBytes_FromStringAndSize((const char *)repeats.pairs, repeats.size * sizeof *repeats.pairs);
    PyMem_Free(repeats.pairs);
    PyMem_Free(repeats.first);
    release(&columns);
    return result;
}

PyDoc_STRVAR(are_sound_doc,
"are_sound(parents, kinds, identities, sizes, attributes, directories, /)\n--\n\n"
"Tell whether every row lies in one before it whose kind is one of the two `directories`, has an identity below\n"
"`attributes`, and no negative size.");

static PyObject *are_sound(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyObject *parents, *kinds, *identities, *sizes;
    Py_ssize_t attributes, size;
    const char *directories;
    Columns columns = {0};
    if (!PyArg_ParseTuple(args, "OOOOny#", &parents, &kinds, &identities, &sizes, &attributes, &directories, &size))
        return NULL;
    const unsigned *identity = NULL;
    const long long *bytes = NULL;
    columns.rows = PyObject_Size(kinds);
    if (columns.rows >= 0 && size != 2)
        PyErr_SetString(PyExc_ValueError, "there are two kinds of directories");
    else if (columns.rows >= 0 && (columns.kinds = elements(&columns, kinds, 1)) &&
             (columns.parents = elements(&columns, parents, sizeof *columns.parents)) &&
             (identity = elements(&columns, identities, sizeof *identity)))
        bytes = elements(&columns, sizes, sizeof *bytes);
    int sound = bytes && is_tree(&columns);
    for (Py_ssize_t row = 0; sound && row < columns.rows; row++) {
        sound = is_one_of(columns.kinds[columns.parents[row]], directories) && identity[row] < (size_t)attributes &&
                bytes[row] >= 0;
    }
    release(&columns);
    return bytes ? PyBool_FromLong(sound) : NULL;
}

PyDoc_STRVAR(count_blocks_doc,
"count_blocks(sizes, block, rows, /)\n--\n\n"
"Return how many blocks of `block` bytes files of these sizes take; raises OverflowError above 64 bits.");

static PyObject *count_blocks(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyObject *column;
    long long block, total = 0;
    Columns columns = {0};
    if (!PyArg_ParseTuple(args, "OLn", &column, &block, &columns.rows))
        return NULL;
    const long long *sizes = elements(&columns, column, sizeof *sizes);
    if (sizes && block < 1)
        PyErr_SetString(PyExc_ValueError, "a block has a byte at least");
    for (Py_ssize_t row = 0; row < columns.rows && !PyErr_Occurred(); row++) {
        long long size = sizes[row];
        if (block > 1)
            size = size / block + (size % block > 0);
        if (__builtin_add_overflow(total, size, &total))
            PyErr_SetString(PyExc_OverflowError, "the sizes do not fit 64 bits together");
    }
    release(&columns);
    return PyErr_Occurred() ? NULL : PyLong_FromLongLong(total);
}

PyDoc_STRVAR(sum_subtrees_doc,
"sum_subtrees(parents, sizes, rows, /)\n--\n\n"
"Return the size of each row and all that lies in it, as C long longs; raises OverflowError above 64 bits.");

static PyObject *sum_subtrees(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyObject *parents, *column, *result = NULL;
    Columns columns = {0};
    if (!PyArg_ParseTuple(args, "OOn", &parents, &column, &columns.rows))
        return NULL;
    columns.parents = elements(&columns, parents, sizeof *columns.parents);
    const long long *sizes = columns.parents ? elements(&columns, column, sizeof *sizes) : NULL;
    if (sizes && !is_tree(&columns))
        PyErr_SetString(PyExc_ValueError, "a row lies in none before it");
    if (!PyErr_Occurred())
        result = PyBytes_FromStringAndSize((const char *)sizes, columns.rows * sizeof *sizes);
    if (result) {
        long long *sums = (long long *)PyBytes_AsString(result);
        for (Py_ssize_t row = columns.rows - 1; row > 0 && !PyErr_Occurred(); row--) {
            long long *above = &sums[columns.parents[row]];
            if (__builtin_add_overflow(*above, sums[row], above))
                PyErr_SetString(PyExc_OverflowError, "the sizes do not fit 64 bits together");
        }
        if (PyErr_Occurred())
            Py_CLEAR(result);
    }
    release(&columns);
    return result;
}

PyDoc_STRVAR(rows_from_doc,
"rows_from(sizes, least, rows, /)\n--\n\n"
"Return the rows of what has `least` bytes or more, as C integers.");

static PyObject *rows_from(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyObject *column, *result = NULL;
    long long least;
    Columns columns = {0};
    if (!PyArg_ParseTuple(args, "OLn", &column, &least, &columns.rows))
        return NULL;
    const long long *sizes = elements(&columns, column, sizeof *sizes);
    Py_ssize_t count = 0;
    for (Py_ssize_t row = 0; sizes && row < columns.rows; row++)
        count += sizes[row] >= least;
    if (sizes)
        result = PyBytes_FromStringAndSize(NULL, count * sizeof(int));
    if (result) {
        int *found = (int *)PyBytes_AsString(result);
        for (Py_ssize_t row = 0; row < columns.rows; row++)
            if (sizes[row] >= least)
                *found++ = (int)row;
    }
    release(&columns);
    return result;
}

static PyMethodDef methods[] = {
    {"by_directory", by_directory, METH_VARARGS, by_directory_doc},
    {"find_repeats", find_repeats, METH_VARARGS, find_repeats_doc},
    {"are_sound", are_sound, METH_VARARGS, are_sound_doc},
    {"count_blocks", count_blocks, METH_VARARGS, count_blocks_doc},
    {"sum_subtrees", sum_subtrees, METH_VARARGS, sum_subtrees_doc},
    {"rows_from", rows_from, METH_VARARGS, rows_from_doc},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef module = {
    PyModuleDef_HEAD_INIT, "_columns", "Loops over the columns of a changeset.", 0, methods, NULL, NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit__columns(void)
{
    return PyModuleDef_Init(&module);
}
