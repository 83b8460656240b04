/* The list of statuses as a table, and the one place that writes an error's sentence:
 * one line of UTF-8, whatever bytes a file's names put into it. */
#include "core/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/utf8.h"

typedef struct status_row {
  const char *name;
  int exit_code;
  const char *sentence;
} status_row;

static const status_row rows[] = {
#define STATUS_ROW(name, exit_code, sentence) {#name, exit_code, sentence},
    HR_STATUS_LIST(STATUS_ROW)
#undef STATUS_ROW
};

static const status_row *find(hr_status status) {
  size_t i = (size_t)status;
  return i < sizeof rows / sizeof rows[0] ? &rows[i] : NULL;
}

const char *hr_status_name(hr_status status) {
  const status_row *row = find(status);
  return row ? row->name : "unknown";
}

const char *hr_status_sentence(hr_status status) {
  const status_row *row = find(status);
  return row ? row->sentence : "unknown status";
}

int hr_status_exit_code(hr_status status) {
  const status_row *row = find(status);
  return row ? row->exit_code : 4;
}

/* One line of UTF-8, whatever the data put into it: what is neither becomes '?'. */
static void keep_to_one_line(char *text) {
  while (*text) {
    size_t length = hr_visible_length(text);
    if (length == 0) *text = '?';
    text += length ? length : 1;
  }
}

/* Drops a character that truncation cut in two, so that the text stays UTF-8. */
static void drop_cut_character(char *text) {
  size_t length = strlen(text), tail = 0;
  while (tail < 3 && tail < length && (text[length - 1 - tail] & 0xC0) == 0x80) tail++;
  if (tail == length) return;
  unsigned char lead = (unsigned char)text[length - 1 - tail];
  size_t wanted = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : lead >= 0xC0 ? 1 : 0;
  if (tail < wanted) text[length - 1 - tail] = '\0';
}

static void write_message(hr_error *err, hr_status status, const char *format,
                          va_list arguments) {
  err->status = status;
  int length = vsnprintf(err->message, sizeof err->message, format, arguments);
  if (length < 0) err->message[0] = '\0';
  if (length >= (int)sizeof err->message) drop_cut_character(err->message);
  keep_to_one_line(err->message);
}

hr_status hr_fail(hr_error *err, hr_status status, const char *format, ...) {
  if (err) {
    va_list arguments;
    va_start(arguments, format);
    write_message(err, status, format, arguments);
    va_end(arguments);
  }
  return status;
}

hr_status hr_fail_errno(hr_error *err, hr_status status, int error_number,
                        const char *format, ...) {
  if (err) {
    va_list arguments;
    va_start(arguments, format);
    write_message(err, status, format, arguments);
    va_end(arguments);
    size_t length = strlen(err->message);
    char reason[128];
    /* The GNU strerror_r is thread-safe and returns the text it found or made. */
    const char *text = strerror_r(error_number, reason, sizeof reason);
    snprintf(err->message + length, sizeof err->message - length, ": %s", text);
  }
  return status;
}
