/* What the compiled readers of entries share: _ordinary.c, and those of indexes (_listed.h). */

#define PY_SSIZE_T_CLEAN
#define Py_LIMITED_API 0x030B0000 /* compiled once for every Python from 3.11 on */
#include <Python.h>
#include <string.h>

enum { BLOCK = 512 };
enum { FILE_KIND = 0, DIRECTORY_KIND = 1, SYMLINK_KIND = 2, HARDLINK_KIND = 3 }; /* as in entry.py */

typedef struct {
    const unsigned char *start;
    Py_ssize_t size;
} Text;

static PyObject *decoded(Text text)
{
    return PyUnicode_DecodeUTF8((const char *)text.start, text.size, "surrogateescape");
}

static long long rounded(long long size)
{
    return (size + BLOCK - 1) & -(long long)BLOCK;
}
