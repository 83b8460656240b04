/* Blocks between marks in a page, replaced by what the report says now. */
#include "report/page.h"

#include <stdio.h>
#include <string.h>

enum { MARKER_BYTES = 128 };

/* A marker's line: from its first byte to behind its line end. */
typedef struct place {
  size_t start, end;
  size_t count; /* how often the marker is there */
  bool is_alone;
} place;

static bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\r';
}

static place find_marker(const hr_page *page, const char *marker) {
  place found = {0};
  size_t length = strlen(marker);
  for (size_t i = 0; i + length <= page->size; i++) {
    if (memcmp(page->bytes + i, marker, length) != 0) continue;
    size_t start = i, end = i + length;
    while (start > 0 && is_space(page->bytes[start - 1])) start--;
    while (end < page->size && is_space(page->bytes[end])) end++;
    bool begins = start == 0 || page->bytes[start - 1] == '\n';
    bool ends = end == page->size || page->bytes[end] == '\n';
    found.start = start;
    found.end = end < page->size ? end + 1 : end;
    found.is_alone = begins && ends;
    found.count++;
  }
  return found;
}

/* hr_text takes strings; a page may hold any byte. */
static void append_bytes(const char *bytes, size_t count, hr_text *out) {
  hr_text_append(out, "%.*s", (int)count, bytes);
}

/* Lines in the page's own line ends. */
static void append_lines(const char *lines, bool with_return, hr_text *out) {
  for (const char *line = lines; *line;) {
    size_t length = strcspn(line, "\n");
    append_bytes(line, length, out);
    hr_text_append(out, with_return ? "\r\n" : "\n");
    line += length + (line[length] == '\n');
  }
}

static hr_status check_place(const hr_page *page, const char *marker, const place *found,
                             hr_error *err) {
  if (found->count == 0) {
    return hr_fail(err, HR_ERR_FORMAT,
                   "%s has no line '%s'; write it there, or use --create", page->path,
                   marker);
  }
  if (found->count > 1) {
    return hr_fail(err, HR_ERR_FORMAT, "%s has '%s' %zu times; leave one", page->path,
                   marker, found->count);
  }
  if (!found->is_alone) {
    return hr_fail(err, HR_ERR_FORMAT, "%s: '%s' does not stand on a line of its own",
                   page->path, marker);
  }
  return HR_OK;
}

static bool uses_returns(const hr_page *page) {
  const char *newline = memchr(page->bytes, '\n', page->size);
  return newline && newline > page->bytes && newline[-1] == '\r';
}

static void append_block(const hr_page *page, const char *begin, const char *end,
                         const char *content, hr_text *out) {
  bool with_return = uses_returns(page);
  append_bytes(page->bytes, page->size, out);
  if (page->size > 0) {
    bool is_ended = page->bytes[page->size - 1] == '\n';
    append_lines(is_ended ? "\n" : "\n\n", with_return, out);
  }
  append_lines(begin, with_return, out);
  append_lines("\n", with_return, out);
  append_lines(content, with_return, out);
  append_lines(end, with_return, out);
}

static hr_status check_page(const hr_page *page, const char *block, hr_error *err) {
  if (!hr_is_handle(block)) {
    return hr_fail(err, HR_ERR_USAGE,
                   "'%s' cannot name a block; use letters, digits, '-', '_' and '.'",
                   block);
  }
  if (memchr(page->bytes, '\0', page->size)) {
    return hr_fail(err, HR_ERR_FORMAT, "%s is not a text", page->path);
  }
  return HR_OK;
}

hr_status hr_page_replace(const hr_page *page, const char *block, const char *content,
                          bool may_create, hr_text *out, hr_error *err) {
  hr_status status = HR_OK;
  char begin[MARKER_BYTES], end[MARKER_BYTES];
  HR_TRY(check_page(page, block, err));
  snprintf(begin, sizeof begin, "<!-- headroom:begin %s -->", block);
  snprintf(end, sizeof end, "<!-- headroom:end %s -->", block);
  place first = find_marker(page, begin), last = find_marker(page, end);
  if (may_create && first.count == 0 && last.count == 0) {
    append_block(page, begin, end, content, out);
    return hr_text_status(out, err);
  }
  HR_TRY(check_place(page, begin, &first, err));
  HR_TRY(check_place(page, end, &last, err));
  if (last.start < first.end) {
    return hr_fail(err, HR_ERR_FORMAT, "%s: '%s' stands before '%s'", page->path, end,
                   begin);
  }
  bool with_return = first.end >= 2 && page->bytes[first.end - 2] == '\r';
  append_bytes(page->bytes, first.end, out);
  append_lines("\n", with_return, out);
  append_lines(content, with_return, out);
  append_bytes(page->bytes + last.start, page->size - last.start, out);
  status = hr_text_status(out, err);
cleanup:
  return status;
}

static size_t line_length(const char *text) {
  size_t length = strcspn(text, "\n");
  return length + (text[length] == '\n');
}

static void append_marked(const char *text, size_t size, char mark, hr_text *out) {
  for (size_t i = 0; i < size;) {
    size_t length = line_length(text + i);
    size_t shown = length;
    while (shown > 0 && (text[i + shown - 1] == '\n' || text[i + shown - 1] == '\r'))
      shown--;
    hr_text_append(out, "%c%.*s\n", mark, (int)shown, text + i);
    i += length;
  }
}

void hr_page_compare(const char *path, const char *before, const char *after,
                     hr_text *out) {
  if (strcmp(before, after) == 0) return;
  size_t same = 0, before_size = strlen(before), after_size = strlen(after);
  for (;;) { /* whole lines that both begin with */
    size_t length = line_length(before + same);
    if (length == 0 || length != line_length(after + same)) break;
    if (memcmp(before + same, after + same, length) != 0) break;
    same += length;
  }
  size_t tail = 0, whole_lines = 0;
  while (tail < before_size - same && tail < after_size - same &&
         before[before_size - 1 - tail] == after[after_size - 1 - tail]) {
    tail++;
    bool starts_line =
        tail == before_size - same || before[before_size - 1 - tail] == '\n';
    bool starts_other = tail == after_size - same || after[after_size - 1 - tail] == '\n';
    if (starts_line && starts_other) whole_lines = tail;
  }
  hr_text_append(out, "--- %s\n+++ %s, with the results\n", path, path);
  append_marked(before + same, before_size - same - whole_lines, '-', out);
  append_marked(after + same, after_size - same - whole_lines, '+', out);
}
