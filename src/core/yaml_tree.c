/* YAML by libyaml, as a tree with line and column at every node. Anchors, aliases and
 * tags are refused: they let a small file stand for a huge one, and no configuration
 * needs them. */
#include "core/yaml_tree.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <yaml.h>

#include "core/alloc.h"
#include "core/door.h"
#include "core/text.h"

/* More than anyone writes by hand; the limits keep recursion and the search for
 * duplicates small. */
enum { MOST_DEPTH = 16, MOST_KEYS = 4096 };

typedef struct builder {
  yaml_parser_t parser;
  const char *name;
  const char *text; /* what libyaml reads: the document with hidden brace groups */
  size_t node_count;
} builder;

hr_status hr_yaml_fail(hr_error *err, const char *name, hr_yaml_mark mark,
                       const char *format, ...) {
  char sentence[HR_ERROR_MESSAGE_BYTES];
  va_list arguments;
  va_start(arguments, format);
  if (vsnprintf(sentence, sizeof sentence, format, arguments) < 0) sentence[0] = '\0';
  va_end(arguments);
  char place[HR_YAML_PLACE_BYTES];
  hr_yaml_write_place(name, mark, place);
  return hr_fail(err, HR_ERR_CONFIG, "%s%s", place, sentence);
}

void hr_yaml_write_place(const char *name, hr_yaml_mark mark,
                         char out[HR_YAML_PLACE_BYTES]) {
  int length = mark.line > 0
                   ? snprintf(out, HR_YAML_PLACE_BYTES, "%.400s:%zu:%zu: ", name,
                              mark.line, mark.column)
                   : snprintf(out, HR_YAML_PLACE_BYTES,
                              "%.400s, " HR_DOOR_SET " %zu: ", name, mark.column);
  if (length < 0) out[0] = '\0';
}

/* Brace groups. libyaml must not see the braces and commas of `part_{0..4}.h5`, so they
 * are hidden behind one noncharacter each (U+FDD0 .. U+FDD2, never used in text that is
 * passed on), which keeps lines and columns right, and put back in every scalar. A group
 * is hidden only where a plain text is glued to it, in front or behind: inside [ ] and
 * { } that is a syntax error in YAML, elsewhere it is part of a text anyway, so no valid
 * document changes its meaning. */

static const char hidden_prefix[] = "\xEF\xB7"; /* U+FDC0 .. U+FDFF in UTF-8 */
static const char hidden_last[] = "\x90\x91\x92";
static const char hidden_for[] = "{,}";

/* The bytes of the group `{0..4}` or `{a,b}` that begins at `text`, or 0. */
static size_t group_length(const char *text) {
  size_t inside = strcspn(text + 1, "{}[]\"'#: \t\r\n");
  if (text[1 + inside] != '}') return 0;
  for (size_t i = 1; i <= inside; i++) {
    if (text[i] == ',' || (text[i] == '.' && text[i + 1] == '.')) return inside + 2;
  }
  return 0;
}

/* Whether a plain text stands right before or behind the group of `length` bytes at
 * `group`; `start` is where the document begins, `last_end` the end of the group before.
 */
static bool is_glued(const char *start, const char *group, size_t length,
                     const char *last_end) {
  static const char not_text_before[] = " \t\r\n[]{},:?\"'";
  static const char not_text_behind[] = " \t\r\n[]{},:#\"'";
  if (group > start && (group == last_end || !strchr(not_text_before, group[-1]))) {
    return true;
  }
  char behind = group[length];
  return behind != '\0' && !strchr(not_text_behind, behind);
}

static void hide_group(const char *group, size_t length, hr_text *out) {
  for (size_t i = 0; i < length; i++) {
    const char *special = strchr(hidden_for, group[i]);
    if (special) {
      hr_text_append(out, "%s%c", hidden_prefix, hidden_last[special - hidden_for]);
    } else {
      hr_text_append(out, "%c", group[i]);
    }
  }
}

static void hide_groups(const char *yaml, hr_text *out) {
  const char *shown = yaml, *last_end = NULL;
  for (const char *at = strchr(yaml, '{'); at; at = strchr(at, '{')) {
    size_t length = group_length(at);
    if (length > 0 && is_glued(yaml, at, length, last_end)) {
      hr_text_append(out, "%.*s", (int)(at - shown), shown);
      hide_group(at, length, out);
      shown = last_end = at + length;
    }
    at += length > 0 ? length : 1;
  }
  hr_text_append(out, "%s", shown);
}

static void show_groups(char *text) {
  char *out = text;
  for (const char *in = text; *in;) {
    const char *last =
        strncmp(in, hidden_prefix, 2) == 0 && in[2] ? strchr(hidden_last, in[2]) : NULL;
    *out++ = last ? hidden_for[last - hidden_last] : *in;
    in += last ? 3 : 1;
  }
  *out = '\0';
}

/* The place of byte number `offset`. */
static hr_yaml_mark mark_of_offset(const char *text, size_t offset) {
  hr_yaml_mark mark = {1, 1};
  for (size_t i = 0; i < offset; i++) {
    if (text[i] == '\n') {
      mark.line++;
      mark.column = 1;
    } else if (((unsigned char)text[i] & 0xC0) != 0x80) { /* not inside a character */
      mark.column++;
    }
  }
  return mark;
}

static hr_yaml_mark mark_of(yaml_mark_t mark) {
  return (hr_yaml_mark){mark.line + 1, mark.column + 1};
}

/* A full-width colon, as an input method for Chinese or Japanese writes it: U+FF1A. */
static const char wide_colon[] = "\xEF\xBC\x9A";

/* Where in a text a full-width colon stands behind a plain word, as a colon stands behind
 * a key; NULL where none does. Chinese text and what is quoted may hold any. */
static const char *find_wide_colon(const char *text, size_t length) {
  static const char word[] =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
  bool is_start = true; /* a key may begin here */
  for (size_t i = 0; i < length; i++) {
    bool is_remark = text[i] == '#' && (i == 0 || strchr(" \n", text[i - 1]));
    if (is_remark) i += strcspn(text + i, "\n");
    if (i >= length) break;
    size_t run = is_start ? strspn(text + i, word) : 0;
    if (run > 0 && strncmp(text + i + run, wide_colon, 3) == 0) return text + i + run;
    is_start = strchr("\n{,", text[i]) || (is_start && strchr(" -", text[i]));
  }
  return NULL;
}

static hr_status fail_wide_colon(const builder *b, const char *colon, hr_error *err) {
  return hr_yaml_fail(err, b->name, mark_of_offset(b->text, (size_t)(colon - b->text)),
                      "a full-width colon stands here, which YAML takes for a letter; "
                      "write ':' and a space");
}

/* The bytes up to the end of line `line`, from 0. */
static size_t end_of_line(const char *text, size_t line) {
  const char *at = text;
  for (size_t i = 0; i <= line && *at; i++) {
    at += strcspn(at, "\n");
    if (*at) at++;
  }
  return (size_t)(at - text);
}

/* libyaml's own words about what it could not read. */
static hr_status fail_syntax(const builder *b, hr_error *err) {
  const yaml_parser_t *parser = &b->parser;
  size_t read = end_of_line(b->text, parser->problem_mark.line);
  const char *colon = find_wide_colon(b->text, read);
  if (colon && parser->error != YAML_MEMORY_ERROR) return fail_wide_colon(b, colon, err);
  if (parser->error == YAML_MEMORY_ERROR) {
    return hr_fail(err, HR_ERR_MEMORY, "no memory to read %s", b->name);
  }
  if (parser->error == YAML_READER_ERROR) {
    return hr_yaml_fail(err, b->name, mark_of_offset(b->text, parser->problem_offset),
                        "not valid YAML: %s", parser->problem);
  }
  hr_yaml_mark mark = mark_of(parser->problem_mark);
  if (!parser->context) {
    return hr_yaml_fail(err, b->name, mark, "not valid YAML: %s", parser->problem);
  }
  if (strcmp(parser->context, "while scanning an alias") == 0) {
    return hr_yaml_fail(err, b->name, mark,
                        "not valid YAML: a text that begins with '*' must be quoted");
  }
  return hr_yaml_fail(err, b->name, mark,
                      "not valid YAML: %s, %s that begins in line %zu", parser->problem,
                      parser->context, mark_of(parser->context_mark).line);
}

static hr_status next_event(builder *b, yaml_event_t *event, hr_error *err) {
  return yaml_parser_parse(&b->parser, event) ? HR_OK : fail_syntax(b, err);
}

void hr_yaml_tree_destroy(hr_yaml_node **root) {
  hr_yaml_node *node = *root;
  if (!node) return;
  for (size_t i = 0; i < node->count; i++) hr_yaml_tree_destroy(&node->items[i]);
  hr_free(node->items);
  hr_free(node->key);
  hr_free(node->text);
  hr_free(node);
  *root = NULL;
}

static hr_status refuse_reference(const builder *b, const yaml_event_t *event,
                                  hr_error *err) {
  const yaml_char_t *anchor = NULL, *tag = NULL;
  if (event->type == YAML_ALIAS_EVENT) {
    return hr_yaml_fail(err, b->name, mark_of(event->start_mark),
                        "the alias '*%s' is not allowed; write the value out, or quote a "
                        "text that begins with '*'",
                        (const char *)event->data.alias.anchor);
  }
  if (event->type == YAML_SCALAR_EVENT) {
    anchor = event->data.scalar.anchor;
    tag = event->data.scalar.tag;
  } else if (event->type == YAML_SEQUENCE_START_EVENT) {
    anchor = event->data.sequence_start.anchor;
    tag = event->data.sequence_start.tag;
  } else {
    anchor = event->data.mapping_start.anchor;
    tag = event->data.mapping_start.tag;
  }
  if (anchor) {
    return hr_yaml_fail(err, b->name, mark_of(event->start_mark),
                        "the anchor '&%s' is not allowed; write the value where it is "
                        "used",
                        (const char *)anchor);
  }
  if (tag) {
    return hr_yaml_fail(err, b->name, mark_of(event->start_mark),
                        "the tag '%s' is not allowed; write the value without it",
                        (const char *)tag);
  }
  return HR_OK;
}

static hr_status take_scalar(const builder *b, const yaml_event_t *event,
                             hr_yaml_node *node, hr_error *err) {
  const char *text = (const char *)event->data.scalar.value;
  if (memchr(text, '\0', event->data.scalar.length)) {
    return hr_yaml_fail(err, b->name, node->mark,
                        "a text must not hold the character \\0; leave it out");
  }
  node->quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
  hr_status status = hr_copy_text(text, &node->text, err);
  if (status == HR_OK) show_groups(node->text);
  return status;
}

static hr_status append(hr_yaml_node *parent, hr_yaml_node **take_child, hr_error *err) {
  /* Room for 2^k items at a time, as in hr_strings_append. */
  if ((parent->count & (parent->count - 1)) == 0) {
    size_t capacity = parent->count ? 2 * parent->count : 1;
    hr_status status = hr_realloc(&parent->items, parent->count, capacity, err);
    if (status != HR_OK) return status;
  }
  parent->items[parent->count++] = *take_child;
  *take_child = NULL;
  return HR_OK;
}

static hr_status check_key(const builder *b, const hr_yaml_node *mapping,
                           const hr_yaml_node *key, hr_error *err) {
  if (key->kind != HR_YAML_SCALAR) {
    return hr_yaml_fail(err, b->name, key->mark,
                        "a key must be a single text, not a list or a mapping");
  }
  if (strstr(key->text, wide_colon) && !key->quoted) {
    const char *colon = find_wide_colon(b->text, strlen(b->text));
    if (colon) return fail_wide_colon(b, colon, err);
  }
  const hr_yaml_node *twin = hr_yaml_find(mapping, key->text);
  if (twin) {
    return hr_yaml_fail(
        err, b->name, key->mark,
        "the key '%s' is given a second time, first in line %zu; keep one", key->text,
        twin->key_mark.line);
  }
  if (mapping->count == MOST_KEYS) {
    return hr_yaml_fail(err, b->name, key->mark, "more than %d keys in one mapping",
                        MOST_KEYS);
  }
  return HR_OK;
}

static hr_status build_node(builder *b, yaml_event_t *take_event, size_t depth,
                            hr_yaml_node **out, hr_error *err);

/* Reads the value that follows `take_key` and makes it an item of `mapping`. */
static hr_status build_value(builder *b, hr_yaml_node *mapping, hr_yaml_node *take_key,
                             size_t depth, hr_error *err) {
  hr_status status = HR_OK;
  hr_yaml_node *key = take_key, *value = NULL;
  yaml_event_t event;
  HR_TRY(check_key(b, mapping, key, err));
  HR_TRY(next_event(b, &event, err));
  HR_TRY(build_node(b, &event, depth, &value, err));
  value->key = key->text;
  value->key_mark = key->mark;
  key->text = NULL;
  HR_TRY(append(mapping, &value, err));
cleanup:
  hr_yaml_tree_destroy(&key);
  hr_yaml_tree_destroy(&value);
  return status;
}

static hr_status build_items(builder *b, hr_yaml_node *parent, size_t depth,
                             hr_error *err) {
  for (;;) {
    yaml_event_t event;
    hr_yaml_node *node = NULL;
    hr_status status = next_event(b, &event, err);
    if (status != HR_OK) return status;
    if (event.type == YAML_SEQUENCE_END_EVENT || event.type == YAML_MAPPING_END_EVENT) {
      yaml_event_delete(&event);
      return HR_OK;
    }
    status = build_node(b, &event, depth, &node, err);
    if (status == HR_OK && parent->kind == HR_YAML_MAPPING) {
      status = build_value(b, parent, node, depth, err);
    } else if (status == HR_OK) {
      status = append(parent, &node, err);
      hr_yaml_tree_destroy(&node);
    }
    if (status != HR_OK) return status;
  }
}

static hr_status check_limits(builder *b, hr_yaml_mark mark, size_t depth,
                              hr_error *err) {
  if (depth > MOST_DEPTH) {
    return hr_yaml_fail(err, b->name, mark, "nested more than %d levels deep",
                        MOST_DEPTH);
  }
  if (++b->node_count > HR_YAML_MOST_NODES) {
    return hr_yaml_fail(err, b->name, mark, "more than %d values in one file",
                        HR_YAML_MOST_NODES);
  }
  return HR_OK;
}

/* The node that begins with `take_event`, with everything in it. */
static hr_status build_node(builder *b, yaml_event_t *take_event, size_t depth,
                            hr_yaml_node **out, hr_error *err) {
  hr_status status = HR_OK;
  hr_yaml_node *node = NULL;
  HR_TRY(refuse_reference(b, take_event, err));
  HR_TRY(check_limits(b, mark_of(take_event->start_mark), depth, err));
  HR_TRY(hr_alloc(&node, 1, err));
  node->mark = mark_of(take_event->start_mark);
  if (take_event->type == YAML_SCALAR_EVENT) {
    HR_TRY(take_scalar(b, take_event, node, err));
  } else {
    bool is_mapping = take_event->type == YAML_MAPPING_START_EVENT;
    node->kind = is_mapping ? HR_YAML_MAPPING : HR_YAML_SEQUENCE;
    HR_TRY(build_items(b, node, depth + 1, err));
  }
  *out = node;
  node = NULL;
cleanup:
  yaml_event_delete(take_event);
  hr_yaml_tree_destroy(&node);
  return status;
}

/* Reads up to the event that begins the document's root, or refuses an empty stream. */
static hr_status open_document(builder *b, yaml_event_t *root, hr_error *err) {
  for (;;) {
    hr_status status = next_event(b, root, err);
    if (status != HR_OK) return status;
    yaml_event_type_t type = root->type;
    if (type != YAML_STREAM_START_EVENT && type != YAML_DOCUMENT_START_EVENT &&
        type != YAML_STREAM_END_EVENT) {
      return HR_OK;
    }
    yaml_event_delete(root);
    if (type == YAML_STREAM_END_EVENT) {
      return hr_yaml_fail(err, b->name, (hr_yaml_mark){1, 1},
                          "the file is empty; write at least one key");
    }
  }
}

static hr_status close_document(builder *b, hr_error *err) {
  for (;;) {
    yaml_event_t event;
    hr_status status = next_event(b, &event, err);
    if (status != HR_OK) return status;
    yaml_event_type_t type = event.type;
    hr_yaml_mark mark = mark_of(event.start_mark);
    yaml_event_delete(&event);
    if (type == YAML_STREAM_END_EVENT) return HR_OK;
    if (type == YAML_DOCUMENT_START_EVENT) {
      return hr_yaml_fail(err, b->name, mark,
                          "a second document begins here; keep one in a file");
    }
  }
}

static hr_status build_tree(builder *b, hr_yaml_node **out, hr_error *err) {
  hr_status status = HR_OK;
  hr_yaml_node *root = NULL;
  yaml_event_t event;
  HR_TRY(open_document(b, &event, err));
  HR_TRY(build_node(b, &event, 1, &root, err));
  HR_TRY(close_document(b, err));
  const char *colon = find_wide_colon(b->text, strlen(b->text));
  if (root->kind == HR_YAML_SCALAR && colon) {
    status = fail_wide_colon(b, colon, err);
    goto cleanup;
  }
  *out = root;
  root = NULL;
cleanup:
  hr_yaml_tree_destroy(&root);
  return status;
}

/* What libyaml would misread: it takes any size, and the hiding of brace groups needs a
 * text without 0 bytes and without the characters that hide. */
static hr_status check_bytes(const char *yaml, size_t size, const char *name,
                             hr_error *err) {
  if (size > HR_YAML_MOST_BYTES) {
    return hr_yaml_fail(err, name, (hr_yaml_mark){1, 1},
                        "the file has %zu bytes, more than the %d of any configuration",
                        size, HR_YAML_MOST_BYTES);
  }
  const char *zero = memchr(yaml, '\0', size);
  if (zero) {
    return hr_yaml_fail(err, name, mark_of_offset(yaml, (size_t)(zero - yaml)),
                        "a 0 byte; this is not a text file");
  }
  for (size_t i = 0; i + 2 < size; i++) {
    if (memcmp(yaml + i, hidden_prefix, 2) == 0 && strchr(hidden_last, yaml[i + 2])) {
      return hr_yaml_fail(err, name, mark_of_offset(yaml, i),
                          "the code point U+FDD%X is not a character; take it out",
                          (unsigned)(unsigned char)yaml[i + 2] - 0x90U);
    }
  }
  return HR_OK;
}

hr_status hr_yaml_tree_create(const char *yaml, size_t size, const char *name,
                              hr_yaml_node **out, hr_error *err) {
  static const char byte_order_mark[] = "\xEF\xBB\xBF";
  hr_status status = HR_OK;
  builder b = {.name = name};
  bool has_parser = false;
  char *copy = NULL;
  hr_text text;
  hr_text_init(&text);
  if (size >= 3 && memcmp(yaml, byte_order_mark, 3) == 0) {
    yaml += 3;
    size -= 3;
  }
  HR_TRY(check_bytes(yaml, size, name, err));
  HR_TRY(hr_alloc(&copy, size + 1, err)); /* with a 0 byte behind its end */
  memcpy(copy, yaml, size);
  hide_groups(copy, &text);
  HR_TRY(hr_text_status(&text, err));
  if (!yaml_parser_initialize(&b.parser)) {
    status = hr_fail(err, HR_ERR_MEMORY, "no memory to read %s", name);
    goto cleanup;
  }
  has_parser = true;
  b.text = text.bytes;
  yaml_parser_set_encoding(&b.parser, YAML_UTF8_ENCODING);
  yaml_parser_set_input_string(&b.parser, (const unsigned char *)text.bytes, text.length);
  HR_TRY(build_tree(&b, out, err));
cleanup:
  if (has_parser) yaml_parser_delete(&b.parser);
  hr_text_fini(&text);
  hr_free(copy);
  return status;
}

bool hr_yaml_is_null(const hr_yaml_node *node) {
  static const char *const nulls[] = {"", "~", "null", "Null", "NULL"};
  if (node->kind != HR_YAML_SCALAR || node->quoted) return false;
  for (size_t i = 0; i < sizeof nulls / sizeof nulls[0]; i++) {
    if (strcmp(node->text, nulls[i]) == 0) return true;
  }
  return false;
}

const hr_yaml_node *hr_yaml_find(const hr_yaml_node *mapping, const char *key) {
  if (!mapping || mapping->kind != HR_YAML_MAPPING) return NULL;
  for (size_t i = 0; i < mapping->count; i++) {
    if (strcmp(mapping->items[i]->key, key) == 0) return mapping->items[i];
  }
  return NULL;
}

void hr_yaml_render(const hr_yaml_node *node, hr_text *out) {
  if (node->kind == HR_YAML_SCALAR) {
    hr_text_append_visible(out, node->text);
    return;
  }
  bool is_list = node->kind == HR_YAML_SEQUENCE;
  hr_text_append(out, is_list ? "[" : "{");
  for (size_t i = 0; i < node->count; i++) {
    if (i > 0) hr_text_append(out, ", ");
    if (!is_list) hr_text_append(out, "%s: ", node->items[i]->key);
    hr_yaml_render(node->items[i], out);
  }
  hr_text_append(out, is_list ? "]" : "}");
}
