/* Reading the text of a model as LightGBM 4 writes it (model.txt): boosted regression
 * trees whose splits compare one pixel's flux with a threshold.
 *
 * LightGBM's own reader trusts what it reads: a child or a pixel that is not there is
 * memory that is not ours. Here every line has to be the one that LightGBM writes in that
 * place, every count has to be right, and every split but the first has to hang on
 * exactly one earlier one, so that each way down a tree comes to an end. A text that is
 * read so can be handed to LightGBM, too. */
#ifndef HR_MODELS_TREE_TEXT_H
#define HR_MODELS_TREE_TEXT_H

#include <stddef.h>
#include <stdint.h>

#include "core/error.h"

/* Where a row goes on: to the left where its pixel is at most the threshold. A child that
 * is not negative is a split of the same tree; -1 - i is leaf i. */
typedef struct hr_split {
  double threshold; /* flux */
  uint32_t pixel;
  int32_t left, right;
} hr_split;

/* One tree: leaf_count - 1 splits and leaf_count leaves, of which there is at least one.
 */
typedef struct hr_tree {
  size_t first_split, first_leaf; /* in the arrays of all trees */
  size_t leaf_count;
} hr_tree;

typedef struct hr_trees_read {
  size_t pixels;
  size_t tree_count; /* may be 0 */
  size_t split_count, leaf_count;
  hr_tree *tree;   /* [tree_count] */
  hr_split *split; /* [split_count] */
  float *gain;     /* [split_count] what the split took off the squared error, unit^2 */
  double *leaf;    /* [leaf_count] what the leaf adds to the prediction, in its unit */
} hr_trees_read;

/* Reads `text` of `size` bytes, behind which there is a 0; `path` is for messages. To be
 * followed by hr_trees_read_fini, on failure too. HR_ERR_FORMAT with the line;
 * HR_ERR_MEMORY. Takes no more memory than a few times the text. */
hr_status hr_tree_text_read(const char *text, size_t size, const char *path,
                            hr_trees_read *out, hr_error *err) HR_MUST_CHECK;
void hr_trees_read_fini(hr_trees_read *trees);

#endif
