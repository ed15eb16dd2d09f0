/* What is common to the compiled readers of indexes: _table.c and _ztoc.c.

   Runs of ordinary entries of an index become entries of a tar. tables.py and ztoc_entries.py say what an index lists and
   what is wrong with one, and they alone decide whatever is odd. This does what they do for what is not, in a fraction of
   the time: it looks at one entry after the other and stops before the first that is not wholly ordinary. It is optional:
   without it they read every entry, with the same result.

   An ordinary entry is that of a regular file, a directory, a symlink or a hardlink without extended attributes, whose
   place, names and time are valid beyond doubt. */

#include "../tar/_entries.h"

enum { PERMISSIONS = 07777, LONGEST_TARGET = 4095, PATIENCE = 1 << 16, ODD_KIND = -1 };

static int is(Text text, const char *word)
{
    return text.size == (Py_ssize_t)strlen(word) && memcmp(text.start, word, text.size) == 0;
}

static int kind_of(Text said)
{
    return is(said, "reg")        ? FILE_KIND
           : is(said, "dir")      ? DIRECTORY_KIND
           : is(said, "symlink")  ? SYMLINK_KIND
           : is(said, "hardlink") ? HARDLINK_KIND
                                  : ODD_KIND;
}

/* Read `digits` digits at `at` into `value`; return 0 if there are fewer. */
static int number(const unsigned char *at, int digits, int *value)
{
    *value = 0;
    for (int i = 0; i < digits; i++) {
        if (at[i] < '0' || at[i] > '9')
            return 0;
        *value = 10 * *value + (at[i] - '0');
    }
    return 1;
}

/* Return how many days after 1970-01-01 a day is; `year` is a later one. */
static long long days(int year, int month, int day)
{
    static const int before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
    int last = month > 2 ? year : year - 1;
    return 365LL * (year - 1970) + (last / 4 - last / 100 + last / 400) - (1969 / 4 - 1969 / 100 + 1969 / 400) +
           before[month - 1] + day - 1;
}

static int is_day(int year, int month, int day)
{
    static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month >= 1 && month <= 12 && day >= 1 && day <= lengths[month - 1] + (month == 2 && is_leap);
}

/* Read a time of RFC 3339 after 1970, in whole seconds, into `seconds`; return 0 if it is not surely one. */
static int read_time(Text said, long long *seconds)
{
    const unsigned char *at = said.start, *end = at + said.size;
    int year, month, day, hour, minute, second, zone_hour = 0, zone_minute = 0;
    if (said.size < 20 || !number(at, 4, &year) || at[4] != '-' || !number(at + 5, 2, &month) || at[7] != '-' ||
        !number(at + 8, 2, &day) || at[10] != 'T' || !number(at + 11, 2, &hour) || at[13] != ':' ||
        !number(at + 14, 2, &minute) || at[16] != ':' || !number(at + 17, 2, &second))
        return 0;
    if (year <= 1970 || !is_day(year, month, day) || hour > 23 || minute > 59 || second > 59)
        return 0;
    at += 19;
    if (*at == '.') {
        const unsigned char *first = ++at;
        while (at < end && *at >= '0' && *at <= '9')
            at++;
        if (at == first || at - first > 9)
            return 0;
    }
    int sign = 0;
    if (end - at == 6 && (*at == '+' || *at == '-')) {
        sign = *at == '+' ? 1 : -1;
        if (!number(at + 1, 2, &zone_hour) || at[3] != ':' || !number(at + 4, 2, &zone_minute) || zone_hour > 23 ||
            zone_minute > 59)
            return 0;
    } else if (end - at != 1 || *at != 'Z') {
        return 0;
    }
    *seconds = days(year, month, day) * 86400 + hour * 3600 + minute * 60 + second;
    *seconds -= sign * (zone_hour * 3600 + zone_minute * 60);
    return 1;
}

/* The `Identities` of all entries (index.py), and some that were seen last: entries have few different ones. */
enum { SEEN = 64 };
typedef struct {
    PyObject *all;
    struct {
        long long mode, uid, gid;
        PyObject *attributes;
    } seen[SEEN];
} Identities;

static PyObject *look_up(PyObject *all, long long mode, long long uid, long long gid)
{
    PyObject *key = Py_BuildValue("LLL", mode, uid, gid);
    PyObject *found = key ? PyObject_GetItem(all, key) : NULL;
    Py_XDECREF(key);
    return found;
}

/* Return the attributes of an entry, which are borrowed; NULL on an error. */
static PyObject *attributes_of(Identities *identities, long long mode, long long uid, long long gid)
{
    mode &= PERMISSIONS;
    size_t at = ((size_t)mode ^ (size_t)mode >> 6 ^ (size_t)uid * 7 ^ (size_t)gid * 13) % SEEN;
    if (!identities->seen[at].attributes || identities->seen[at].mode != mode || identities->seen[at].uid != uid ||
        identities->seen[at].gid != gid) {
        PyObject *found = look_up(identities->all, mode, uid, gid);
        if (!found)
            return NULL;
        Py_XDECREF(identities->seen[at].attributes);
        identities->seen[at].mode = mode;
        identities->seen[at].uid = uid;
        identities->seen[at].gid = gid;
        identities->seen[at].attributes = found;
    }
    return identities->seen[at].attributes;
}

static void forget(Identities *identities)
{
    for (int i = 0; i < SEEN; i++)
        Py_CLEAR(identities->seen[i].attributes);
}

static int append(PyObject *list, PyObject *item)
{
    int result = item ? PyList_Append(list, item) : -1;
    Py_XDECREF(item);
    return result;
}
