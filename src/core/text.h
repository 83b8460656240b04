/* Text: growing strings, lists of them, nearest names, numbers. */
#ifndef HR_CORE_TEXT_H
#define HR_CORE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/error.h"

/* A growing UTF-8 string. After a failed append it stays failed and later appends do
 * nothing, so a long build-up needs one check at its end, hr_text_status. */
typedef struct hr_text {
  char *bytes; /* always terminated; NULL before the first append */
  size_t length;
  size_t capacity;
  hr_status status;
} hr_text;

void hr_text_init(hr_text *text);
void hr_text_fini(hr_text *text);
void hr_text_append(hr_text *text, const char *format, ...) HR_PRINTF(2, 3);

/* Appends `text` so that it can be shown on one line of a terminal: control characters
 * and bytes that are not UTF-8 as \xHH. */
void hr_text_append_visible(hr_text *text, const char *bytes);

/* Appends at most `most` characters of a text, the last of them … where it has more. */
void hr_text_append_short(hr_text *text, const char *bytes, size_t most);

hr_status hr_text_status(const hr_text *text, hr_error *err) HR_MUST_CHECK;

/* A list of strings, all owned. */
typedef struct hr_strings {
  char **items;
  size_t count;
} hr_strings;

void hr_strings_fini(hr_strings *list);
bool hr_strings_has(const hr_strings *list, const char *item);
hr_status hr_strings_append(hr_strings *list, const char *item,
                            hr_error *err) HR_MUST_CHECK;

/* The name nearest to `word` by edit distance, or NULL where none is near enough to be
 * meant. */
const char *hr_nearest_name(const char *word, const char *const *names, size_t count);

/* Whether `text` is 1 to 64 of letters, digits, '-', '_' and '.'. */
bool hr_is_handle(const char *text);

/* The end of a word behind a count: "" of 1, else "s". */
const char *hr_plural(size_t count);

/* A number for people: with so many decimals below ten million, and beyond, where all its
 * digits would say no more, as 1.000e+60; no minus sign where it rounds to 0. Returns
 * `out`; HR_DECIMALS has room of its own, for the arguments of a call. */
enum { HR_DECIMALS_BYTES = 32 };
const char *hr_decimals(double value, int decimals, char out[HR_DECIMALS_BYTES]);
#define HR_DECIMALS(value, decimals) \
  hr_decimals(value, decimals, (char[HR_DECIMALS_BYTES]){0})

/* Reads all of `text` as a number ("1e-3", "10", "-2.5"; no nan, inf, hex): false
 * otherwise. Does not depend on the locale. */
bool hr_parse_number(const char *text, double *out);

/* Reads all of `text` as a whole number of 64 bits, in decimals: false otherwise. */
bool hr_parse_integer(const char *text, int64_t *out);

/* The double nearest to 10^exponent, which pow does not promise; 0 and infinity beyond
 * what doubles hold. */
double hr_power_of_ten(int exponent);

#endif
