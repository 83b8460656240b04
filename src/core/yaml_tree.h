/* A YAML document as a small tree that knows where everything stands.
 *
 * Strict on purpose: one document, every key once, no anchors, aliases or tags, at most
 * 16 levels deep. One liberty: path patterns with brace groups, `[part_{0..4}.h5]` or
 * `[part_{a,b}.h5]`, are texts also inside [ ] and { }, where YAML forbids bare braces.
 */
#ifndef HR_CORE_YAML_TREE_H
#define HR_CORE_YAML_TREE_H

#include <stdbool.h>
#include <stddef.h>

#include "core/text.h"

enum { HR_YAML_MOST_BYTES = 4 << 20, HR_YAML_MOST_NODES = 200000 };

typedef enum hr_yaml_kind {
  HR_YAML_SCALAR,
  HR_YAML_SEQUENCE,
  HR_YAML_MAPPING
} hr_yaml_kind;

/* A place in the file, counted from 1; columns count characters, not bytes. Line 0 is no
 * place in it: there stands what was set from outside (`--set`), its column the number of
 * the setting. */
typedef struct hr_yaml_mark {
  size_t line, column;
} hr_yaml_mark;

typedef struct hr_yaml_node hr_yaml_node;
struct hr_yaml_node {
  hr_yaml_kind kind;
  hr_yaml_mark mark;
  char *key;             /* where the node is a value of a mapping, else NULL */
  hr_yaml_mark key_mark; /* where that key stands */
  char *text;            /* of a scalar, else NULL */
  bool quoted;           /* whether the scalar was quoted or a block of text */
  hr_yaml_node **items;  /* [count] of a sequence or mapping, in the order of the file */
  size_t count;
};

/* Reads the document `yaml` of `size` bytes of UTF-8. Whatever is wrong is HR_ERR_CONFIG
 * with "NAME:LINE:COLUMN: " in front, `name` being the file's. The tree is freed with
 * hr_yaml_tree_destroy. */
hr_status hr_yaml_tree_create(const char *yaml, size_t size, const char *name,
                              hr_yaml_node **out, hr_error *err) HR_MUST_CHECK;
void hr_yaml_tree_destroy(hr_yaml_node **root);

/* Whether the node is YAML's null: nothing, `~` or `null`, unquoted. */
bool hr_yaml_is_null(const hr_yaml_node *node);

/* The value of `key` in a mapping, borrowed; NULL where there is none, or where `mapping`
 * is NULL or not a mapping. */
const hr_yaml_node *hr_yaml_find(const hr_yaml_node *mapping, const char *key);

/* Appends a node in one line: "[1, 10]", "{level: 1, seed: 42}"; texts without quotes and
 * so that a terminal can show them. */
void hr_yaml_render(const hr_yaml_node *node, hr_text *out);

enum { HR_YAML_PLACE_BYTES = 480 };

/* "NAME:LINE:COLUMN: " or, of what was set from outside, "NAME, --set NUMBER: ". */
void hr_yaml_write_place(const char *name, hr_yaml_mark mark,
                         char out[HR_YAML_PLACE_BYTES]);

/* HR_ERR_CONFIG with the place in front of the sentence. */
hr_status hr_yaml_fail(hr_error *err, const char *name, hr_yaml_mark mark,
                       const char *format, ...) HR_PRINTF(4, 5);

#endif
