/* What a table of fields says, applied to a struct: defaults, ranges, reading from YAML,
 * writing back and describing. Members are reached through their offset; the kind of a
 * field says what lies there. */
#include "core/field.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"

enum { SHOWN_BYTES = 60 }; /* of a wrong value, in a message */

static void *member_of(const hr_field *field, void *parameters) {
  return (char *)parameters + field->offset;
}

static const void *value_of(const hr_field *field, const void *parameters) {
  return (const char *)parameters + field->offset;
}

void hr_fields_fini(void *parameters, const hr_field *fields, size_t count) {
  for (size_t i = 0; i < count; i++) {
    void *member = member_of(&fields[i], parameters);
    switch (fields[i].kind) {
      case HR_FIELD_TEXT: {
        char **text = member;
        hr_free(*text);
        *text = NULL;
        break;
      }
      case HR_FIELD_NUMBERS: {
        hr_numbers *numbers = member;
        hr_free(numbers->items);
        *numbers = (hr_numbers){0};
        break;
      }
      case HR_FIELD_TEXTS:
        hr_strings_fini(member);
        break;
      case HR_FIELD_NUMBER:
      case HR_FIELD_INTEGER:
      case HR_FIELD_BOOL:
        break;
    }
  }
}

const hr_field *hr_fields_find(const hr_field *fields, size_t count, const char *name) {
  for (size_t i = 0; i < count; i++) {
    if (strcmp(fields[i].name, name) == 0) return &fields[i];
    if (fields[i].alias && strcmp(fields[i].alias, name) == 0) return &fields[i];
  }
  return NULL;
}

bool hr_field_is_list(const hr_field *field) {
  return field->kind == HR_FIELD_NUMBERS || field->kind == HR_FIELD_TEXTS;
}

const char *hr_field_kind_name(const hr_field *field) {
  switch (field->kind) {
    case HR_FIELD_NUMBER:
      return field->may_be_none ? "none or a number" : "a number";
    case HR_FIELD_INTEGER:
      return "a whole number";
    case HR_FIELD_BOOL:
      return "true or false";
    case HR_FIELD_TEXT:
      return field->may_be_none ? "none or a text" : "a text";
    case HR_FIELD_NUMBERS:
      if (field->may_be_auto) return "auto or a list of numbers";
      if (field->may_be_none && field->may_be_all) {
        return "none, all or a list of whole numbers";
      }
      if (field->may_be_all) return "all or a list of whole numbers";
      return field->whole ? "a list of whole numbers" : "a list of numbers";
    case HR_FIELD_TEXTS:
      return "a list of texts";
  }
  return "a value";
}

/* Copies `text`, cut at the end of a character where it is long. */
static void shorten(const char *text, char out[SHOWN_BYTES + 4]) {
  size_t length = strlen(text);
  size_t shown = length <= SHOWN_BYTES ? length : SHOWN_BYTES;
  while (shown < length && shown > 0 && ((unsigned char)text[shown] & 0xC0) == 0x80) {
    shown--;
  }
  memcpy(out, text, shown);
  memcpy(out + shown, shown < length ? "..." : "", shown < length ? 4 : 1);
}

static hr_status check_limits(const hr_field *field, const char *place, double value,
                              hr_error *err) {
  if (value >= field->minimum && value <= field->maximum) return HR_OK;
  char is[HR_FIELD_NUMBER_BYTES], low[HR_FIELD_NUMBER_BYTES], high[HR_FIELD_NUMBER_BYTES];
  hr_field_format_number(value, is);
  hr_field_format_number(field->minimum, low);
  hr_field_format_number(field->maximum, high);
  if (isinf(field->maximum)) {
    return hr_fail(err, HR_ERR_CONFIG, "%s is %s, but must be at least %s", place, is,
                   low);
  }
  if (isinf(field->minimum)) {
    return hr_fail(err, HR_ERR_CONFIG, "%s is %s, but must be at most %s", place, is,
                   high);
  }
  return hr_fail(err, HR_ERR_CONFIG, "%s is %s, but must be between %s and %s", place, is,
                 low, high);
}

static hr_status read_number(const hr_field *field, const char *place, const char *text,
                             double *out, hr_error *err) {
  bool whole = field->whole || field->kind == HR_FIELD_INTEGER;
  char shown[SHOWN_BYTES + 4];
  shorten(text, shown);
  if (!hr_parse_number(text, out)) {
    return hr_fail(err, HR_ERR_CONFIG,
                   "%s is '%s', which is not a number; write one such %s", place, shown,
                   field->may_be_all ? "as 0, or all"
                   : whole           ? "as 10"
                                     : "as 10, 0.5 or 1e-3");
  }
  if (whole && *out != trunc(*out)) {
    return hr_fail(err, HR_ERR_CONFIG,
                   "%s is '%s', but must be a whole number such as 10", place, shown);
  }
  return check_limits(field, place, *out, err);
}

static hr_status read_bool(const char *place, const char *text, bool *out,
                           hr_error *err) {
  static const char *const words[][2] = {
      {"false", "true"}, {"False", "True"}, {"FALSE", "TRUE"},
      {"no", "yes"},     {"No", "Yes"},     {"NO", "YES"},
      {"off", "on"},     {"Off", "On"},     {"OFF", "ON"}};
  for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
    for (size_t value = 0; value < 2; value++) {
      if (strcmp(text, words[i][value]) != 0) continue;
      *out = value == 1;
      return HR_OK;
    }
  }
  char shown[SHOWN_BYTES + 4];
  shorten(text, shown);
  return hr_fail(err, HR_ERR_CONFIG, "%s is '%s', but must be true or false", place,
                 shown);
}

/* Whether `text` holds a control character or one that YAML takes for a line break
 * (U+0085, U+2028, U+2029): no name or path of ours needs one, and tables and logs are
 * written line by line. */
static bool has_control(const char *text) {
  for (const unsigned char *at = (const unsigned char *)text; *at; at++) {
    if (*at < 0x20 || *at == 0x7F) return true;
    if (at[0] == 0xC2 && at[1] >= 0x80 && at[1] < 0xA0) return true;
    if (at[0] == 0xE2 && at[1] == 0x80 && (at[2] == 0xA8 || at[2] == 0xA9)) return true;
  }
  return false;
}

/* Writes the choices "a|b|c" as "a, b or c". */
static void list_choices(const char *choices, char *out, size_t size) {
  size_t used = 0;
  for (const char *at = choices; *at && used + 5 < size; at++) {
    if (*at != '|') {
      out[used++] = *at;
      continue;
    }
    const char *between = strchr(at + 1, '|') ? ", " : " or ";
    memcpy(out + used, between, strlen(between));
    used += strlen(between);
  }
  out[used] = '\0';
}

static bool is_choice(const char *choices, const char *text) {
  size_t length = strlen(text);
  for (const char *at = choices; at; at = strchr(at, '|')) {
    if (*at == '|') at++;
    if (strcspn(at, "|") == length && strncmp(at, text, length) == 0) return true;
  }
  return false;
}

static hr_status check_text(const hr_field *field, const char *place, const char *text,
                            hr_error *err) {
  if (text[0] == '\0') {
    return hr_fail(err, HR_ERR_CONFIG, "%s is empty; write a text", place);
  }
  if (has_control(text)) {
    return hr_fail(err, HR_ERR_CONFIG,
                   "%s holds a line break or another control character; leave it out",
                   place);
  }
  if (!field->choices || is_choice(field->choices, text)) return HR_OK;
  char shown[SHOWN_BYTES + 4], choices[200];
  shorten(text, shown);
  list_choices(field->choices, choices, sizeof choices);
  return hr_fail(err, HR_ERR_CONFIG, "%s is '%s', but must be %s", place, shown, choices);
}

static hr_status check_order(const hr_field *field, const char *place,
                             const hr_numbers *list, double value, hr_error *err) {
  char is[HR_FIELD_NUMBER_BYTES], last[HR_FIELD_NUMBER_BYTES];
  hr_field_format_number(value, is);
  for (size_t i = 0; field->order == HR_FIELD_DISTINCT && i < list->count; i++) {
    if (list->items[i] != value) continue;
    return hr_fail(err, HR_ERR_CONFIG, "%s is %s, which the list holds already; keep one",
                   place, is);
  }
  if (field->order == HR_FIELD_INCREASING && list->count > 0) {
    double before = list->items[list->count - 1];
    if (value > before) return HR_OK;
    hr_field_format_number(before, last);
    return hr_fail(err, HR_ERR_CONFIG,
                   "%s is %s, but must be greater than the number before it, %s", place,
                   is, last);
  }
  return HR_OK;
}

static hr_status append_number(const hr_field *field, const char *place, double value,
                               hr_numbers *list, hr_error *err) {
  hr_status status = check_order(field, place, list, value, err);
  if (status != HR_OK) return status;
  /* Room for 2^k items at a time, as in hr_strings_append. */
  if ((list->count & (list->count - 1)) == 0) {
    size_t capacity = list->count ? 2 * list->count : 1;
    status = hr_realloc(&list->items, list->count, capacity, err);
  }
  if (status == HR_OK) list->items[list->count++] = value;
  return status;
}

static void make_none(const hr_field *field, void *member) {
  if (field->kind == HR_FIELD_NUMBER) {
    *(double *)member = (double)NAN;
    return;
  }
  if (field->kind == HR_FIELD_NUMBERS) {
    hr_numbers *list = member;
    hr_free(list->items);
    *list = (hr_numbers){0};
    return;
  }
  hr_free(*(char **)member);
  *(char **)member = NULL;
}

bool hr_field_is_none(const hr_field *field, const void *parameters) {
  const void *value = value_of(field, parameters);
  if (!field->may_be_none) return false;
  if (field->kind == HR_FIELD_NUMBERS) return ((const hr_numbers *)value)->count == 0;
  return field->kind == HR_FIELD_NUMBER ? isnan(*(const double *)value)
                                        : *(char *const *)value == NULL;
}

hr_status hr_field_read(const hr_field *field, const char *place, const char *text,
                        void *parameters, hr_error *err) {
  hr_status status = HR_OK;
  void *member = member_of(field, parameters);
  double number = 0;
  if (field->may_be_none && strcmp(text, "none") == 0) {
    make_none(field, member);
    return HR_OK;
  }
  if (field->kind == HR_FIELD_TEXT || field->kind == HR_FIELD_TEXTS) {
    HR_TRY(check_text(field, place, text, err));
  } else if (field->kind != HR_FIELD_BOOL) {
    HR_TRY(read_number(field, place, text, &number, err));
  }
  switch (field->kind) {
    case HR_FIELD_NUMBER:
      *(double *)member = number;
      break;
    case HR_FIELD_INTEGER:
      *(int64_t *)member = (int64_t)number;
      break;
    case HR_FIELD_BOOL:
      HR_TRY(read_bool(place, text, member, err));
      break;
    case HR_FIELD_TEXT:
      hr_free(*(char **)member);
      *(char **)member = NULL;
      HR_TRY(hr_copy_text(text, member, err));
      break;
    case HR_FIELD_NUMBERS:
      HR_TRY(append_number(field, place, number, member, err));
      break;
    case HR_FIELD_TEXTS:
      HR_TRY(hr_strings_append(member, text, err));
      break;
  }
cleanup:
  return status;
}

hr_status hr_field_check_count(const hr_field *field, const char *place,
                               const void *parameters, hr_error *err) {
  const void *value = value_of(field, parameters);
  size_t count = field->least_count;
  if (field->kind == HR_FIELD_NUMBERS) count = ((const hr_numbers *)value)->count;
  if (field->kind == HR_FIELD_TEXTS) count = ((const hr_strings *)value)->count;
  if (count >= field->least_count) return HR_OK;
  return hr_fail(err, HR_ERR_CONFIG, "%s has %zu item%s, but needs at least %zu", place,
                 count, count == 1 ? "" : "s", field->least_count);
}

/* A locale's decimal comma must not get into a file. */
static void print_digits(double value, int digits, char text[HR_FIELD_NUMBER_BYTES]) {
  snprintf(text, HR_FIELD_NUMBER_BYTES, "%.*g", digits, value);
  char *comma = strchr(text, ',');
  if (comma) *comma = '.';
}

/* How many digits there are from the first that is not 0 to the exponent. */
static int count_digits(const char *text) {
  int count = 0;
  for (; *text && *text != 'e'; text++) {
    if (isdigit((unsigned char)*text) && (count > 0 || *text != '0')) count++;
  }
  return count;
}

/* 17 digits are always enough, 16 for every other number; those that 15 are enough for
 * are mostly shorter, and then have the same digits with 16. */
void hr_field_format_number(double value, char text[HR_FIELD_NUMBER_BYTES]) {
  char shorter[HR_FIELD_NUMBER_BYTES];
  double back = 0;
  print_digits(value, 16, text);
  if (!hr_parse_number(text, &back) || back != value) {
    print_digits(value, 17, text);
    return;
  }
  if (count_digits(text) < 16) return;
  print_digits(value, 15, shorter);
  if (hr_parse_number(shorter, &back) && back == value) {
    memcpy(text, shorter, sizeof shorter);
  }
}

/* Whether YAML reads the characters as this text without quotes, also inside [ ]. */
static bool is_plain(const char *text) {
  static const char letters[] =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
  static const char others[] = "./-+ ";
  size_t length = strlen(text);
  if (length == 0 || (!strchr(letters, text[0]) && text[0] != '/')) return false;
  if (text[length - 1] == ' ') return false;
  if (strcmp(text, "null") == 0 || strcmp(text, "Null") == 0 ||
      strcmp(text, "NULL") == 0) {
    return false;
  }
  for (size_t i = 0; i < length; i++) {
    if (!strchr(letters, text[i]) && !strchr(others, text[i])) return false;
  }
  return true;
}

void hr_field_write_text(const char *value, hr_text *out) {
  if (is_plain(value)) {
    hr_text_append(out, "%s", value);
    return;
  }
  hr_text_append(out, "'");
  for (const char *at = value; *at;) {
    size_t run = strcspn(at, "'");
    hr_text_append(out, "%.*s", (int)run, at);
    if (at[run] == '\'') {
      hr_text_append(out, "''");
      run++;
    }
    at += run;
  }
  hr_text_append(out, "'");
}

static void write_number(double value, hr_text *out) {
  char text[HR_FIELD_NUMBER_BYTES];
  hr_field_format_number(value, text);
  hr_text_append(out, "%s", text);
}

void hr_field_write(const hr_field *field, const void *parameters, hr_text *out) {
  const void *value = value_of(field, parameters);
  switch (field->kind) {
    case HR_FIELD_NUMBER:
      write_number(*(const double *)value, out);
      break;
    case HR_FIELD_INTEGER:
      hr_text_append(out, "%lld", (long long)*(const int64_t *)value);
      break;
    case HR_FIELD_BOOL:
      hr_text_append(out, "%s", *(const bool *)value ? "true" : "false");
      break;
    case HR_FIELD_TEXT:
      hr_field_write_text(*(char *const *)value, out);
      break;
    case HR_FIELD_NUMBERS: {
      const hr_numbers *list = value;
      if (field->may_be_auto && list->count == 0) {
        hr_text_append(out, "auto");
        break;
      }
      hr_text_append(out, "[");
      for (size_t i = 0; i < list->count; i++) {
        if (i > 0) hr_text_append(out, ", ");
        write_number(list->items[i], out);
      }
      hr_text_append(out, "]");
      break;
    }
    case HR_FIELD_TEXTS: {
      const hr_strings *list = value;
      if (field->is_often_one && list->count == 1) {
        hr_field_write_text(list->items[0], out);
        break;
      }
      hr_text_append(out, "[");
      for (size_t i = 0; i < list->count; i++) {
        if (i > 0) hr_text_append(out, ", ");
        hr_field_write_text(list->items[i], out);
      }
      hr_text_append(out, "]");
      break;
    }
  }
}

static void describe_limits(const hr_field *field, hr_text *out) {
  bool is_number = field->kind == HR_FIELD_NUMBER || field->kind == HR_FIELD_INTEGER ||
                   field->kind == HR_FIELD_NUMBERS;
  if (!is_number) return;
  char low[HR_FIELD_NUMBER_BYTES], high[HR_FIELD_NUMBER_BYTES];
  hr_field_format_number(field->minimum, low);
  hr_field_format_number(field->maximum, high);
  bool no_low = isinf(field->minimum), no_high = isinf(field->maximum);
  if (!no_low && !no_high) hr_text_append(out, ", %s to %s", low, high);
  if (!no_low && no_high) hr_text_append(out, ", at least %s", low);
  if (no_low && !no_high) hr_text_append(out, ", at most %s", high);
}

bool hr_field_is_default(const hr_field *field, const void *parameters) {
  const void *value = value_of(field, parameters);
  double usual = 0;
  if (!field->default_text || !hr_parse_number(field->default_text, &usual)) return false;
  return field->kind == HR_FIELD_INTEGER ? (double)*(const int64_t *)value == usual
                                         : *(const double *)value == usual;
}

bool hr_field_has_effect(const hr_field *field, const hr_field *fields, size_t count,
                         const void *parameters) {
  if (!field->only_with) return true;
  const hr_field *other = hr_fields_find(fields, count, field->only_with);
  const void *value = value_of(other, parameters);
  if (other->kind == HR_FIELD_INTEGER) return *(const int64_t *)value != 0;
  if (other->kind == HR_FIELD_NUMBER) return *(const double *)value != 0;
  const char *word = other->kind != HR_FIELD_BOOL ? *(char *const *)value
                     : *(const bool *)value       ? "true"
                                                  : "false";
  return strcmp(word, field->only_where) == 0;
}

void hr_field_describe(const hr_field *field, hr_text *out) {
  char choices[200];
  hr_text_append(out, "%s: ", field->name);
  if (field->choices) {
    list_choices(field->choices, choices, sizeof choices);
    hr_text_append(out, "%s%s", field->kind == HR_FIELD_TEXTS ? "a list of " : "",
                   choices);
  } else {
    hr_text_append(out, "%s", hr_field_kind_name(field));
  }
  describe_limits(field, out);
  if (field->order == HR_FIELD_DISTINCT) hr_text_append(out, ", none twice");
  if (field->order == HR_FIELD_INCREASING) hr_text_append(out, ", increasing");
  if (field->least_count > 1)
    hr_text_append(out, ", at least %zu items", field->least_count);
  if (field->default_text) {
    hr_text_append(out, "; default %s", field->default_text);
  } else {
    hr_text_append(out, "; must be given");
  }
  if (field->only_with && field->only_where) {
    hr_text_append(out, "; only with %s: %s", field->only_with, field->only_where);
  } else if (field->only_with) {
    hr_text_append(out, "; only with a %s other than 0", field->only_with);
  }
  if (field->alias) hr_text_append(out, "; also spelt %s", field->alias);
  hr_text_append(out, "\n    %s\n", field->help);
}
