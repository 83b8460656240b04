/* The reader of LightGBM's model text: heading, trees, and what follows them, line by
 * line, each the only one that can stand in its place. */
#include "models/tree_text.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "core/text.h"

enum {
  MOST_PIXELS = 1 << 24,
  NUMBER_BYTES = 32,
  KEY_BYTES = 48,
  LEAST_TREE_BYTES = 100, /* of a tree's names alone */
  LEAST_LEAF_BYTES = 16,  /* a digit and a space in each of a tree's lines */
};

/* The way through a text. */
typedef struct reader {
  const char *text, *at, *end;
  const char *path;
  const char *field; /* what is read, for the message */
} reader;

static hr_status refuse(const reader *r, hr_error *err) {
  size_t line = 1;
  for (const char *p = r->text; p < r->at; p++) line += *p == '\n';
  return hr_fail(err, HR_ERR_FORMAT,
                 "%s, line %zu: this is not the %s of a model as LightGBM 4 writes it; "
                 "copy or train the model again",
                 r->path, line, r->field);
}

/* Goes past `literal`, where it stands here. */
static bool take(reader *r, const char *literal) {
  size_t length = strlen(literal);
  if ((size_t)(r->end - r->at) < length || memcmp(r->at, literal, length) != 0) {
    return false;
  }
  r->at += length;
  return true;
}

/* Goes past a name of letters, digits and what else stands in a value: no space. */
static bool take_word(reader *r) {
  const char *start = r->at;
  while (r->at<r->end && * r->at> ' ' && *r->at < 127) r->at++;
  return r->at > start;
}

static bool take_number(reader *r, double *out) {
  char number[NUMBER_BYTES];
  size_t length = 0;
  while (r->at + length < r->end && strchr("+-.0123456789e", r->at[length]) &&
         r->at[length] != '\0') {
    if (length + 1 == sizeof number) return false;
    number[length] = r->at[length];
    length++;
  }
  number[length] = '\0';
  if (!hr_parse_number(number, out)) return false;
  r->at += length;
  return true;
}

/* A whole number of at least `least` and at most `most`. */
static bool take_whole(reader *r, double least, double most, int64_t *out) {
  double value = 0;
  if (!take_number(r, &value) || !(value >= least && value <= most)) return false;
  *out = (int64_t)value;
  return (double)*out == value;
}

static bool take_key(reader *r, const char *key) {
  r->field = key;
  return take(r, key) && take(r, "=");
}

/* A line "key=" and `count` words with single spaces between them. */
static bool take_words(reader *r, const char *key, size_t count) {
  if (!take_key(r, key)) return false;
  for (size_t i = 0; i < count; i++) {
    if ((i > 0 && !take(r, " ")) || !take_word(r)) return false;
  }
  return take(r, "\n");
}

static bool take_numbers(reader *r, const char *key, size_t count, double *out) {
  if (!take_key(r, key)) return false;
  for (size_t i = 0; i < count; i++) {
    if ((i > 0 && !take(r, " ")) || !take_number(r, &out[i])) return false;
  }
  return take(r, "\n");
}

static hr_status read_heading(reader *r, hr_trees_read *out, hr_error *err) {
  int64_t last = 0;
  r->field = "heading";
  bool good = take(r,
                   "tree\nversion=v4\nnum_class=1\nnum_tree_per_iteration=1\n"
                   "label_index=0\n") &&
              take_key(r, "max_feature_idx") &&
              take_whole(r, 0, MOST_PIXELS - 1, &last) && take(r, "\n");
  out->pixels = (size_t)last + 1;
  if (good) r->field = "objective";
  good = good && take(r, "objective=regression\n") &&
         take_words(r, "feature_names", out->pixels) &&
         take_words(r, "feature_infos", out->pixels);
  return good ? HR_OK : refuse(r, err);
}

/* How many numbers the line has: spaces and one, or none. */
static size_t count_words(const reader *r) {
  size_t count = 0;
  const char *p = r->at;
  for (; p < r->end && *p != '\n'; p++) count += *p == ' ';
  return p > r->at ? count + 1 : 0;
}

/* The line tree_sizes: the bytes of each tree, which follow one another from the second
 * line below it on. sizes: freed by the caller. */
static hr_status read_sizes(reader *r, hr_trees_read *out, size_t **sizes,
                            hr_error *err) {
  hr_status status = HR_OK;
  bool good = take_key(r, "tree_sizes");
  size_t left = (size_t)(r->end - r->at);
  out->tree_count = good ? count_words(r) : 0;
  /* No more memory is taken than so long a text can fill. */
  good = good && out->tree_count <= left / LEAST_TREE_BYTES;
  if (!good) return refuse(r, err);
  HR_TRY(hr_alloc(sizes, out->tree_count, err));
  HR_TRY(hr_alloc(&out->tree, out->tree_count, err));
  for (size_t i = 0; good && i < out->tree_count; i++) {
    int64_t size = 0;
    good = (i == 0 || take(r, " ")) && take_whole(r, 1, (double)left, &size);
    (*sizes)[i] = (size_t)size;
    left -= (size_t)size;
  }
  good = good && take(r, "\n\n") && (size_t)(r->end - r->at) >= 1;
  if (!good) status = refuse(r, err);
cleanup:
  return status;
}

/* "Tree=i" and its number of leaves. */
static bool take_tree_head(reader *r, size_t i, size_t *leaves) {
  char head[KEY_BYTES];
  int64_t count = 0;
  snprintf(head, sizeof head, "Tree=%zu\n", i);
  r->field = "start of a tree";
  if (!take(r, head) || !take_key(r, "num_leaves")) return false;
  double most = 1 + (double)(r->end - r->at) / LEAST_LEAF_BYTES;
  bool good = take_whole(r, 1, most, &count) && take(r, "\n");
  *leaves = (size_t)count;
  return good;
}

/* The number of leaves of every tree, and where each begins in the arrays of all; then
 * makes these arrays. The reader stays where it is. */
static hr_status lay_out(reader *r, const size_t *sizes, hr_trees_read *out,
                         hr_error *err) {
  hr_status status = HR_OK;
  reader ahead = *r;
  for (size_t i = 0; i < out->tree_count; i++) {
    hr_tree *tree = &out->tree[i];
    if ((size_t)(r->end - r->at) <= sizes[i]) return refuse(r, err);
    ahead = *r;
    ahead.end = r->at + sizes[i];
    if (!take_tree_head(&ahead, i, &tree->leaf_count)) return refuse(&ahead, err);
    tree->first_split = out->split_count;
    tree->first_leaf = out->leaf_count;
    out->split_count += tree->leaf_count - 1;
    out->leaf_count += tree->leaf_count;
    r->at += sizes[i];
  }
  HR_TRY(hr_alloc(&out->split, out->split_count, err));
  HR_TRY(hr_alloc(&out->gain, out->split_count, err));
  HR_TRY(hr_alloc(&out->leaf, out->leaf_count, err));
cleanup:
  return status;
}

/* Whole numbers of [least, most] out of `values`; whether all are. */
static bool are_whole(const double *values, size_t count, double least, double most) {
  for (size_t i = 0; i < count; i++) {
    if (!(values[i] >= least && values[i] <= most)) return false;
    if ((double)(int64_t)values[i] != values[i]) return false;
  }
  return true;
}

/* A line of children: of split i a later split, or a leaf that is there. */
static bool take_children(reader *r, const char *key, size_t leaves, double *values) {
  size_t splits = leaves - 1;
  if (!take_numbers(r, key, splits, values)) return false;
  if (!are_whole(values, splits, -(double)leaves, (double)splits - 1)) return false;
  for (size_t i = 0; i < splits; i++) {
    if (values[i] >= 0 && values[i] <= (double)i) return false;
  }
  return true;
}

/* Marks what hangs on one side of the splits, false where something did already. seen:
 * [splits], then [leaves]. */
static bool mark(const double *children, size_t splits, uint8_t *seen) {
  for (size_t i = 0; i < splits; i++) {
    int64_t child = (int64_t)children[i];
    size_t place = child >= 0 ? (size_t)child : splits + (size_t)(-1 - child);
    if (seen[place]) return false;
    seen[place] = 1;
  }
  return true;
}

/* Scratch space for the largest tree. */
typedef struct scratch {
  double *values; /* [leaves] */
  uint8_t *seen;  /* [2 leaves] */
} scratch;

/* All splits but the first and all leaves hang on one split: as there are twice as many
 * children as splits, none is left out where none is named twice. */
static bool take_splits(reader *r, const hr_tree *tree, hr_trees_read *out, scratch *s) {
  size_t splits = tree->leaf_count - 1;
  hr_split *split = out->split + tree->first_split;
  double *values = s->values;
  if (!take_numbers(r, "split_feature", splits, values)) return false;
  if (!are_whole(values, splits, 0, (double)out->pixels - 1)) return false;
  for (size_t i = 0; i < splits; i++) split[i].pixel = (uint32_t)values[i];
  if (!take_numbers(r, "split_gain", splits, values)) return false;
  for (size_t i = 0; i < splits; i++) out->gain[tree->first_split + i] = (float)values[i];
  if (!take_numbers(r, "threshold", splits, values)) return false;
  for (size_t i = 0; i < splits; i++) split[i].threshold = values[i];
  /* 0 and 2 tell where missing values would go, of which there are none; what is odd is a
   * split by categories. */
  if (!take_numbers(r, "decision_type", splits, values)) return false;
  for (size_t i = 0; i < splits; i++) {
    if (values[i] != 0 && values[i] != 2) return false;
  }
  memset(s->seen, 0, 2 * tree->leaf_count);
  if (!take_children(r, "left_child", tree->leaf_count, values)) return false;
  for (size_t i = 0; i < splits; i++) split[i].left = (int32_t)values[i];
  if (!mark(values, splits, s->seen)) return false;
  if (!take_children(r, "right_child", tree->leaf_count, values)) return false;
  for (size_t i = 0; i < splits; i++) split[i].right = (int32_t)values[i];
  return mark(values, splits, s->seen);
}

/* What LightGBM tells of a tree beside what predicts. A tree of one leaf may have no
 * weight of it. */
static bool take_statistics(reader *r, size_t leaves, double *values) {
  static const char *const of_leaves[] = {"leaf_weight", "leaf_count"};
  static const char *const of_splits[] = {"internal_value", "internal_weight",
                                          "internal_count"};
  for (size_t i = 0; i < 2; i++) {
    reader before = *r;
    if (take_numbers(r, of_leaves[i], leaves, values)) continue;
    if (leaves > 1) return false;
    *r = before;
    if (!take_numbers(r, of_leaves[i], 0, values)) return false;
  }
  for (size_t i = 0; i < 3; i++) {
    if (!take_numbers(r, of_splits[i], leaves - 1, values)) return false;
  }
  return true;
}

static bool take_tree(reader *r, size_t i, hr_trees_read *out, scratch *s) {
  const hr_tree *tree = &out->tree[i];
  size_t leaves = 0;
  if (!take_tree_head(r, i, &leaves)) return false;
  r->field = "num_cat";
  if (!take(r, "num_cat=0\n") || !take_splits(r, tree, out, s)) return false;
  if (!take_numbers(r, "leaf_value", leaves, out->leaf + tree->first_leaf)) return false;
  if (!take_statistics(r, leaves, s->values)) return false;
  r->field = "is_linear";
  if (!take(r, "is_linear=0\n")) return false;
  if (!take_numbers(r, "shrinkage", 1, s->values)) return false;
  r->field = "end of a tree";
  return take(r, "\n\n") && r->at == r->end;
}

static hr_status read_trees(reader *r, const size_t *sizes, hr_trees_read *out,
                            hr_error *err) {
  hr_status status = HR_OK;
  scratch s = {.values = NULL};
  size_t most = 1;
  for (size_t i = 0; i < out->tree_count; i++) {
    if (out->tree[i].leaf_count > most) most = out->tree[i].leaf_count;
  }
  HR_TRY(hr_alloc(&s.values, most, err));
  HR_TRY(hr_alloc(&s.seen, 2 * most, err));
  for (size_t i = 0; i < out->tree_count; i++) {
    reader one = *r;
    one.end = r->at + sizes[i];
    if (!take_tree(&one, i, out, &s)) {
      status = refuse(&one, err);
      goto cleanup;
    }
    r->at = one.end;
  }
cleanup:
  hr_free(s.values);
  hr_free(s.seen);
  return status;
}

/* Behind the trees: how often each pixel splits, and LightGBM's parameters; read by
 * nobody, but to be text to the end. */
static hr_status read_rest(reader *r, hr_error *err) {
  r->field = "end of the trees";
  if (!take(r, "end of trees\n")) return refuse(r, err);
  r->field = "list of parameters";
  for (; r->at < r->end; r->at++) {
    bool is_text = (*r->at >= ' ' && *r->at < 127) || *r->at == '\n';
    if (!is_text) return refuse(r, err);
  }
  return HR_OK;
}

hr_status hr_tree_text_read(const char *text, size_t size, const char *path,
                            hr_trees_read *out, hr_error *err) {
  hr_status status = HR_OK;
  size_t *sizes = NULL;
  reader r = {.text = text, .at = text, .end = text + size, .path = path};
  *out = (hr_trees_read){0};
  HR_TRY(read_heading(&r, out, err));
  HR_TRY(read_sizes(&r, out, &sizes, err));
  const char *first = r.at;
  HR_TRY(lay_out(&r, sizes, out, err));
  r.at = first;
  HR_TRY(read_trees(&r, sizes, out, err));
  HR_TRY(read_rest(&r, err));
cleanup:
  hr_free(sizes);
  return status;
}

void hr_trees_read_fini(hr_trees_read *trees) {
  hr_free(trees->tree);
  hr_free(trees->split);
  hr_free(trees->gain);
  hr_free(trees->leaf);
  *trees = (hr_trees_read){0};
}
