/* The index of a file's labels, as pandas writes it: whole numbers, mostly 0, 1, 2 ..; in
 * another order where somebody has sorted the labels and not the spectra. */
#ifndef HR_DATA_LABEL_INDEX_H
#define HR_DATA_LABEL_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whether each number is larger than the one before it. index: [rows]. */
bool hr_index_is_ordered(const int64_t *index, size_t rows);

/* Whether an index is a permutation of neighbouring numbers that is not in order: *first
 * is the smallest. index: [rows] or NULL. */
bool hr_index_is_shuffled(const int64_t *index, size_t rows, int64_t *first);

/* Moves what stands at row i to row index[i] - first; items, scratch: [rows] of 8 bytes
 * each. */
void hr_index_reorder(const int64_t *index, int64_t first, size_t rows, void *items,
                      uint64_t *scratch);

#endif
