/* From the Markdown that the report writes, and no other, to one HTML page. */
#include "report/html.h"

#include <ctype.h>
#include <string.h>

static const char style[] =
    ":root{color-scheme:light}"
    "body{font:16px/1.6 system-ui,-apple-system,'Segoe UI','Noto Sans','DejaVu Sans',"
    "'Noto Sans CJK SC','Microsoft YaHei','PingFang SC',sans-serif;color:#1b1b1b;"
    "background:#fff;max-width:84rem;margin:0 auto;padding:1rem 1.25rem 4rem}"
    "h1{font-size:1.8rem;line-height:1.25;margin:.8rem 0 .4rem;overflow-wrap:anywhere}"
    "h2{font-size:1.3rem;margin:2.4rem 0 .6rem;border-bottom:1px solid #ccc;"
    "padding-bottom:.2rem}"
    "p,ul{max-width:52rem}p,li{overflow-wrap:anywhere}"
    "code{font:.9em ui-monospace,'DejaVu Sans Mono',monospace;background:#f2f2f2;"
    "padding:0 .25em;border-radius:3px}"
    /* Shadows at the sides where there is more to see (L. Verou 2012). */
    ".table{overflow-x:auto;margin:.6rem 0 1.2rem;background:linear-gradient(90deg,#fff "
    "30%,#fff0),linear-gradient(90deg,#fff0,#fff 70%) 100% "
    "0,radial-gradient(farthest-side at 0 50%,#0004,#0000),radial-gradient(farthest-side "
    "at 100% 50%,#0004,#0000) 100% 0;background-repeat:no-repeat;background-size:40px "
    "100%,40px 100%,12px 100%,12px 100%;background-attachment:local,local,scroll,scroll}"
    "table{border-collapse:collapse;font-size:.86rem;line-height:1.35;"
    "font-variant-numeric:tabular-nums}"
    "th,td{padding:.3rem .5rem;border-bottom:1px solid #ddd;text-align:left}"
    "th{border-bottom:2px solid #555;vertical-align:bottom}"
    ".short,.range{white-space:nowrap}"
    ".right{text-align:right}"
    "tbody tr:hover{background:#f6f6f6}"
    "figure{margin:1.6rem 0;max-width:52rem}"
    "figure img{display:block;width:100%;max-width:40rem;height:auto;margin:0 auto}"
    "figcaption{max-width:40rem;margin:.3rem auto 0;font-size:.9rem;color:#444}"
    "figure+p{max-width:40rem;margin:-1.2rem auto 1.6rem;font-size:.85rem;"
    "text-align:center}"
    /* On a phone pictures keep a size at which their 8 pt letters are 11 pixels, and
     * move sideways. */
    "@media (max-width:40rem){.short{white-space:normal}th,td{padding:.25rem .35rem}"
    "table{font-size:.8rem}.picture{overflow-x:auto}.picture img{width:37rem;"
    "max-width:none}}"
    "@media print{@page{margin:16mm}body{font-size:10pt;max-width:none;padding:0}"
    ".table{overflow:visible;background:none}table{font-size:6.6pt}th,td{padding:1.2pt "
    "2.5pt}ul{font-size:8.5pt}"
    "figure,tr,.table{break-inside:avoid}h2,p:has(+.table){break-after:avoid}"
    "figure{margin:.8rem 0}figure img{max-width:11.5cm}tbody tr:hover{background:none}}";

static void append_escaped(const char *text, size_t length, hr_text *out) {
  for (size_t i = 0; i < length; i++) {
    switch (text[i]) {
      case '&':
        hr_text_append(out, "&amp;");
        break;
      case '<':
        hr_text_append(out, "&lt;");
        break;
      case '>':
        hr_text_append(out, "&gt;");
        break;
      case '"':
        hr_text_append(out, "&quot;");
        break;
      default:
        hr_text_append(out, "%c", text[i]);
    }
  }
}

/* The length of what stands between two marks at `text`, or 0. */
static size_t between(const char *text, size_t length, const char *mark) {
  size_t size = strlen(mark);
  if (length < 2 * size || strncmp(text, mark, size) != 0) return 0;
  for (size_t i = size; i + size <= length; i++) {
    if (strncmp(text + i, mark, size) == 0) return i - size;
  }
  return 0;
}

/* Whether a backslash takes the meaning from the character behind it. */
static bool is_escape(const char *text, size_t length) {
  return length > 1 && text[0] == '\\' && ispunct((unsigned char)text[1]);
}

/* Text whose only marks are backslashes. */
static void append_plain(const char *text, size_t length, hr_text *out) {
  for (size_t i = 0; i < length; i++) {
    if (is_escape(text + i, length - i)) i++;
    append_escaped(text + i, 1, out);
  }
}

/* Where a link of the report leads on the page: to a place of it, "#words", to a file of
 * a figure, or to the page beside a report.md; false for anything else. */
static bool append_place(const char *place, size_t length, hr_text *out) {
  static const char markdown[] = "/report.md";
  const size_t tail = sizeof markdown - 1;
  static const char figures[] = "figures/";
  bool is_figure =
      length >= sizeof figures && memcmp(place, figures, sizeof figures - 1) == 0;
  bool is_inside = (length > 1 && place[0] == '#') || is_figure;
  bool is_report = length >= tail && memcmp(place + length - tail, markdown, tail) == 0;
  if (!is_inside && !is_report) return false;
  hr_text_append(out, "<a href=\"");
  append_escaped(place, is_inside ? length : length - tail, out);
  hr_text_append(out, is_inside ? "\">" : "/report.html\">");
  return true;
}

/* [words](place), where the place is one of those. The length of it all; 0: there is no
 * such link. */
static size_t append_link(const char *text, size_t length, hr_text *out) {
  const char *middle = text[0] == '[' ? memchr(text, ']', length) : NULL;
  if (!middle || length - (size_t)(middle - text) < 4 || middle[1] != '(') return 0;
  const char *place = middle + 2;
  const char *end = memchr(place, ')', length - (size_t)(place - text));
  if (!end || !append_place(place, (size_t)(end - place), out)) return 0;
  append_plain(text + 1, (size_t)(middle - text) - 1, out);
  hr_text_append(out, "</a>");
  return (size_t)(end + 1 - text);
}

/* Text with `code`, **strong**, links and characters behind a backslash. */
static void append_inline(const char *text, size_t length, hr_text *out) {
  for (size_t i = 0; i < length;) {
    size_t code = between(text + i, length - i, "`");
    size_t strong = between(text + i, length - i, "**");
    size_t link = append_link(text + i, length - i, out);
    if (link > 0) {
      i += link;
    } else if (is_escape(text + i, length - i)) {
      append_escaped(text + i + 1, 1, out);
      i += 2;
    } else if (code > 0) {
      hr_text_append(out, "<code>");
      append_escaped(text + i + 1, code, out);
      hr_text_append(out, "</code>");
      i += code + 2;
    } else if (strong > 0) {
      hr_text_append(out, "<strong>");
      append_plain(text + i + 2, strong, out);
      hr_text_append(out, "</strong>");
      i += strong + 4;
    } else {
      bool before_percent = text[i] == ' ' && i + 1 < length && text[i + 1] == '%';
      if (before_percent) {
        hr_text_append(out, "&#160;"); /* "95 %" stays on one line */
      } else {
        append_escaped(text + i, 1, out);
      }
      i++;
    }
  }
}

static void append_base64(const hr_bytes *bytes, hr_text *out) {
  static const char digits[] =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  enum { LINE = 1024 };
  char line[LINE];
  size_t used = 0;
  for (size_t i = 0; i < bytes->count; i += 3) {
    size_t left = bytes->count - i;
    unsigned group = (unsigned)bytes->items[i] << 16;
    if (left > 1) group |= (unsigned)bytes->items[i + 1] << 8;
    if (left > 2) group |= bytes->items[i + 2];
    line[used++] = digits[group >> 18];
    line[used++] = digits[group >> 12 & 63];
    line[used++] = left > 1 ? digits[group >> 6 & 63] : '=';
    line[used++] = left > 2 ? digits[group & 63] : '=';
    if (used < LINE && left > 3) continue;
    hr_text_append(out, "%.*s", (int)used, line);
    used = 0;
  }
}

/* ![caption](figures/NAME.png): SVG stays sharp at any size, unless it holds so many dots
 * that it is larger than the PNG by far. */
static void append_picture(const char *line, size_t length, const hr_figures *figures,
                           hr_text *out) {
  const char *end = memchr(line, ']', length);
  size_t caption = end ? (size_t)(end - line) - 2 : 0;
  for (size_t f = 0; end && f < figures->count; f++) {
    const hr_figure *figure = &figures->items[f];
    size_t rest = length - (size_t)(end - line);
    const char *place = memmem(end, rest, figure->name, strlen(figure->name));
    if (!place) continue;
    bool as_svg = figure->svg.count < ((size_t)3 << 17);
    hr_text_append(out, "<figure><div class=\"picture\"><img alt=\"");
    append_escaped(line + 2, caption, out);
    hr_text_append(out, "\" width=\"864\" height=\"%.0f\" src=\"data:image/%s;base64,",
                   2 * figure->height, as_svg ? "svg+xml" : "png");
    append_base64(as_svg ? &figure->svg : &figure->png, out);
    hr_text_append(out, "\"></div><figcaption>");
    append_inline(line + 2, caption, out);
    hr_text_append(out, "</figcaption></figure>\n");
    return;
  }
}

/* The next cell of a table's row, without the spaces around it; 0 at the end. */
static size_t next_cell(const char *line, size_t length, size_t *from, size_t *to) {
  size_t start = *to + 1, end = start;
  if (start >= length) return 0;
  while (end < length && (line[end] != '|' || line[end - 1] == '\\')) end++;
  if (end == length) return 0;
  *to = end;
  while (start < end && line[start] == ' ') start++;
  while (end > start && line[end - 1] == ' ') end--;
  *from = start;
  return end - start + 1;
}

enum { COLUMNS_MOST = 64, SHORT_CELL = 24 /* bytes, kept on one line */ };

/* The kind of line, and what is open because of the lines before. */
typedef struct page {
  hr_text *out;
  const hr_figures *figures;
  enum { NOTHING, TABLE_HEAD, TABLE_BODY, LIST } open;
  bool right[COLUMNS_MOST]; /* columns of the open table that end at the right */
} page;

static void close_block(page *p) {
  static const char *const ends[] = {"", "</table></div>\n", "</tbody></table></div>\n",
                                     "</ul>\n"};
  hr_text_append(p->out, "%s", ends[p->open]);
  p->open = NOTHING;
}

/* A line may break before an interval, but not within it. */
static void append_cell(const char *text, size_t length, hr_text *out) {
  const char *range = memchr(text, '[', length);
  size_t before = range ? (size_t)(range - text) : length;
  append_inline(text, before, out);
  if (!range) return;
  hr_text_append(out, "<span class=\"range\">");
  append_inline(range, length - before, out);
  hr_text_append(out, "</span>");
}

static void append_row(page *p, const char *line, size_t length) {
  const char *tag = p->open == TABLE_HEAD ? "th" : "td";
  size_t from = 0, to = 0, column = 0;
  hr_text_append(p->out, "<tr>");
  for (size_t size; (size = next_cell(line, length, &from, &to)); column++) {
    bool right = column < COLUMNS_MOST && p->right[column];
    bool is_short = p->open != TABLE_HEAD && size - 1 <= SHORT_CELL;
    hr_text_append(p->out,
                   right      ? "<%s class=\"right\">"
                   : is_short ? "<%s class=\"short\">"
                              : "<%s>",
                   tag);
    append_cell(line + from, size - 1, p->out);
    hr_text_append(p->out, "</%s>", tag);
  }
  hr_text_append(p->out, "</tr>\n");
}

/* |---|---:|: says how the columns of the head before it, and of the body, are aligned.
 */
static bool is_ruler(const char *line, size_t length) {
  return length > 1 && line[0] == '|' && strspn(line, "|-: ") >= length;
}

static void read_ruler(page *p, const char *line, size_t length) {
  size_t from = 0, to = 0, column = 0;
  for (size_t size; column < COLUMNS_MOST && (size = next_cell(line, length, &from, &to));
       column++) {
    p->right[column] = size > 1 && line[from + size - 2] == ':';
  }
}

static void append_table_line(page *p, const char *line, size_t length,
                              const char *next) {
  if (is_ruler(line, length)) {
    hr_text_append(p->out, "</thead><tbody>\n");
    p->open = TABLE_BODY;
    return;
  }
  if (p->open != TABLE_HEAD && p->open != TABLE_BODY) {
    close_block(p);
    read_ruler(p, next, strcspn(next, "\n"));
    p->open = TABLE_HEAD;
    hr_text_append(p->out, "<div class=\"table\"><table><thead>");
  }
  append_row(p, line, length);
}

static void append_wrapped(page *p, const char *tag, const char *text, size_t length) {
  hr_text_append(p->out, "<%s>", tag);
  append_inline(text, length, p->out);
  hr_text_append(p->out, "</%s>\n", tag);
}

/* A heading and the place that links go to, named as GitHub does. */
static void append_heading(page *p, const char *text, size_t length) {
  hr_text_append(p->out, "<h2 id=\"");
  for (size_t i = 0; i < length; i++) {
    unsigned char own = (unsigned char)text[i];
    if (own == ' ') hr_text_append(p->out, "-");
    if (own >= 0x80) hr_text_append(p->out, "%c", own);
    if (own < 0x80 && isalnum(own)) hr_text_append(p->out, "%c", tolower(own));
  }
  hr_text_append(p->out, "\">");
  append_inline(text, length, p->out);
  hr_text_append(p->out, "</h2>\n");
}

static void append_line(page *p, const char *line, size_t length, const char *next) {
  if (length > 0 && line[0] == '|') {
    append_table_line(p, line, length, next);
    return;
  }
  bool in_list = strncmp(line, "- ", 2) == 0;
  if (p->open != NOTHING && !(in_list && p->open == LIST)) close_block(p);
  if (in_list) {
    if (p->open != LIST) hr_text_append(p->out, "<ul>\n");
    p->open = LIST;
    append_wrapped(p, "li", line + 2, length - 2);
  } else if (strncmp(line, "## ", 3) == 0) {
    append_heading(p, line + 3, length - 3);
  } else if (strncmp(line, "# ", 2) == 0) {
    append_wrapped(p, "h1", line + 2, length - 2);
  } else if (strncmp(line, "![", 2) == 0) {
    append_picture(line, length, p->figures, p->out);
  } else if (length > 0) {
    append_wrapped(p, "p", line, length);
  }
}

hr_status hr_html_write(const char *markdown, const hr_figures *figures, bool chinese,
                        hr_text *out, hr_error *err) {
  page p = {.out = out, .figures = figures};
  const char *title = strncmp(markdown, "# ", 2) == 0 ? markdown + 2 : markdown;
  hr_text_append(
      out,
      "<!DOCTYPE html>\n<html lang=\"%s\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
      "\n<title>",
      chinese ? "zh" : "en");
  append_plain(title, strcspn(title, "\n"), out);
  hr_text_append(out, "</title>\n<style>%s</style>\n</head>\n<body>\n", style);
  for (const char *line = markdown; *line;) {
    size_t length = strcspn(line, "\n");
    const char *next = line + length + (line[length] == '\n');
    append_line(&p, line, length, next);
    line = next;
  }
  close_block(&p);
  hr_text_append(out, "</body>\n</html>\n");
  return hr_text_status(out, err);
}
