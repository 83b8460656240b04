/* Models of trees as LightGBM writes them, made up. */
#ifndef HR_TESTS_TREE_TEXT_H
#define HR_TESTS_TREE_TEXT_H

#include "core/alloc.h"
#include "core/random.h"
#include "core/text.h"
#include "support/check.h"

typedef struct made_trees {
  size_t pixels, trees, leaves; /* of each tree, at most MADE_MOST_LEAVES */
  uint64_t seed;
} made_trees;

enum { MADE_MOST_LEAVES = 64 };

static inline double made_number(const made_trees *m, size_t tree, size_t place) {
  return hr_uniform(m->seed, HR_STREAM_FOLDS, tree, (uint32_t)place);
}

/* Grows as LightGBM does: split s takes the place of a leaf, which becomes its left one;
 * its right one is new. */
static inline void made_children(const made_trees *m, size_t tree, int *left,
                                 int *right) {
  int *home[MADE_MOST_LEAVES] = {NULL}; /* what points to each leaf */
  for (int s = 0; s + 1 < (int)m->leaves; s++) {
    int leaf = (int)((double)(s + 1) * made_number(m, tree, (size_t)s));
    if (home[leaf]) *home[leaf] = s;
    left[s] = -1 - leaf;
    right[s] = -1 - (s + 1);
    home[leaf] = &left[s];
    home[s + 1] = &right[s];
  }
}

static inline void made_whole(hr_text *out, const char *key, const int *values,
                              size_t count) {
  hr_text_append(out, "%s=", key);
  for (size_t i = 0; i < count; i++) hr_text_append(out, "%s%d", i ? " " : "", values[i]);
  hr_text_append(out, "\n");
}

/* Numbers about `middle`, with all their digits or few. */
static inline void made_values(const made_trees *m, size_t tree, hr_text *out,
                               const char *key, size_t count) {
  bool is_long = strcmp(key, "threshold") == 0 || strcmp(key, "leaf_value") == 0;
  size_t place = 1000 * strlen(key);
  hr_text_append(out, "%s=", key);
  for (size_t i = 0; i < count; i++) {
    hr_text_append(out, is_long ? "%s%.17g" : "%s%g", i ? " " : "",
                   made_number(m, tree, place + i));
  }
  hr_text_append(out, "\n");
}

static inline void made_tree(const made_trees *m, size_t tree, hr_text *out) {
  int left[MADE_MOST_LEAVES], right[MADE_MOST_LEAVES], pixel[MADE_MOST_LEAVES];
  int type[MADE_MOST_LEAVES], count[MADE_MOST_LEAVES];
  size_t splits = m->leaves - 1;
  made_children(m, tree, left, right);
  for (size_t i = 0; i < m->leaves; i++) {
    pixel[i] = (int)((double)m->pixels * made_number(m, tree, 500 + i));
    type[i] = 2;
    count[i] = 50 + (int)i;
  }
  hr_text_append(out, "Tree=%zu\nnum_leaves=%zu\nnum_cat=0\n", tree, m->leaves);
  made_whole(out, "split_feature", pixel, splits);
  made_values(m, tree, out, "split_gain", splits);
  made_values(m, tree, out, "threshold", splits);
  made_whole(out, "decision_type", type, splits);
  made_whole(out, "left_child", left, splits);
  made_whole(out, "right_child", right, splits);
  made_values(m, tree, out, "leaf_value", m->leaves);
  made_whole(out, "leaf_weight", count, m->leaves > 1 ? m->leaves : 0);
  made_whole(out, "leaf_count", count, m->leaves);
  made_values(m, tree, out, "internal_value", splits);
  made_whole(out, "internal_weight", count, splits);
  made_whole(out, "internal_count", count, splits);
  hr_text_append(out, "is_linear=0\nshrinkage=%g\n\n\n", tree ? 0.05 : 1.0);
}

static inline void made_names(const made_trees *m, hr_text *out) {
  hr_text_append(out, "feature_names=");
  for (size_t p = 0; p < m->pixels; p++) {
    hr_text_append(out, "%sColumn_%zu", p ? " " : "", p);
  }
  hr_text_append(out, "\nfeature_infos=");
  for (size_t p = 0; p < m->pixels; p++) {
    hr_text_append(out, "%s%s", p ? " " : "", p % 3 ? "[0.25:1.5]" : "none");
  }
}

/* The text of such a model; freed with hr_free. */
static inline char *made_tree_text(const made_trees *m) {
  hr_text out, trees;
  hr_text_init(&out);
  hr_text_init(&trees);
  hr_text_append(&out,
                 "tree\nversion=v4\nnum_class=1\nnum_tree_per_iteration=1\n"
                 "label_index=0\nmax_feature_idx=%zu\nobjective=regression\n",
                 m->pixels - 1);
  made_names(m, &out);
  hr_text_append(&out, "\ntree_sizes=");
  for (size_t t = 0; t < m->trees; t++) {
    size_t before = trees.length;
    made_tree(m, t, &trees);
    hr_text_append(&out, "%s%zu", t ? " " : "", trees.length - before);
  }
  hr_text_append(&out, "\n\n%s", trees.length ? trees.bytes : "");
  hr_text_append(&out,
                 "end of trees\n\nfeature_importances:\nColumn_0=3\n\nparameters:\n"
                 "[boosting: gbdt]\n\nend of parameters\n");
  hr_text_fini(&trees);
  assert_int_equal(hr_text_status(&out, NULL), HR_OK);
  return out.bytes;
}

#endif
