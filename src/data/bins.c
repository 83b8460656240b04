/* Rows into bins by their labels, and bins into folds. Folds are dealt out like cards,
 * so that their sizes differ by one row at most in every bin. */
#include "data/bins.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "core/random.h"

size_t hr_bin_count(const hr_axis *axes, size_t axis_count) {
  size_t count = 1;
  for (size_t a = 0; a < axis_count; a++) count *= axes[a].edge_count - 1;
  return count;
}

/* binary16 has 11 significant bits and, below 2^-14, steps of 2^-24. */
static double round_to_half(double value) {
  int exponent = 0;
  frexp(value, &exponent); /* value = m 2^exponent with 1/2 <= |m| < 1 */
  double step = ldexp(1.0, exponent - 11 > -24 ? exponent - 11 : -24);
  double rounded = nearbyint(value / step) * step;
  return fabs(rounded) > 65504.0 ? copysign(HUGE_VAL, value) : rounded;
}

double hr_round_to(hr_precision precision, double value) {
  if (precision == HR_PRECISION_DOUBLE || !isfinite(value)) return value;
  return precision == HR_PRECISION_SINGLE ? (double)(float)value : round_to_half(value);
}

/* The interval of `value`; below the edges -1, above them (edge_count - 1). NaN counts as
 * below. A plain scan: an axis has a handful of edges. */
static int32_t find_interval(const hr_axis *axis, const hr_bin_column *column,
                             size_t row) {
  hr_precision precision = column->precision;
  double value = column->values[row];
  int32_t last = (int32_t)axis->edge_count - 1;
  if (!(value >= hr_round_to(precision, axis->edges[0]))) return -1;
  if (value > hr_round_to(precision, axis->edges[last])) return last;
  for (int32_t i = 1; i < last; i++) {
    if (value < hr_round_to(precision, axis->edges[i])) return i - 1;
  }
  return last - 1; /* the last interval is closed */
}

static int32_t find_bin(const hr_axis *axes, size_t axis_count,
                        const hr_bin_column *columns, size_t row, bool nearest) {
  int32_t bin = 0;
  for (size_t a = 0; a < axis_count; a++) {
    int32_t intervals = (int32_t)axes[a].edge_count - 1;
    int32_t interval = find_interval(&axes[a], &columns[a], row);
    if (nearest && interval < 0) interval = 0;
    if (nearest && interval >= intervals) interval = intervals - 1;
    if (interval < 0 || interval >= intervals) return HR_UNCOVERED;
    bin = bin * intervals + interval;
  }
  return bin;
}

void hr_assign_bins(const hr_axis *axes, size_t axis_count, const hr_bin_column *columns,
                    size_t rows, int32_t *bin) {
  for (size_t i = 0; i < rows; i++) {
    bin[i] = find_bin(axes, axis_count, columns, i, false);
  }
}

void hr_assign_nearest_bins(const hr_axis *axes, size_t axis_count,
                            const hr_bin_column *columns, size_t rows, int32_t *bin) {
  for (size_t i = 0; i < rows; i++) {
    bin[i] = find_bin(axes, axis_count, columns, i, true);
  }
}

void hr_count_bins(const int32_t *bin, size_t rows, size_t bin_count, size_t *counts) {
  memset(counts, 0, (bin_count + 1) * sizeof *counts);
  for (size_t i = 0; i < rows; i++) {
    counts[bin[i] == HR_UNCOVERED ? bin_count : (size_t)bin[i]]++;
  }
}

/* The folds that one bin deals out, fold_count at a time. */
typedef struct deck {
  uint32_t hand; /* how many hands were shuffled; rows of a bin are below 2^32 */
  uint8_t dealt; /* cards of this hand that are gone; 0: shuffle a new one */
  uint8_t cards[HR_MOST_FOLDS];
} deck;

/* Fisher and Yates's shuffle. Its random numbers are those of "row" bin * 2^32 + hand of
 * the stream HR_STREAM_FOLDS, so a hand depends on nothing but (seed, bin, hand). */
static void shuffle(deck *d, uint64_t bin, size_t fold_count, uint64_t seed) {
  uint64_t address = bin << 32 | d->hand;
  for (size_t i = 0; i < fold_count; i++) d->cards[i] = (uint8_t)i;
  for (uint32_t i = (uint32_t)fold_count - 1; i > 0; i--) {
    uint32_t j = hr_uniform_below(seed, HR_STREAM_FOLDS, address, i, i + 1);
    uint8_t card = d->cards[i];
    d->cards[i] = d->cards[j];
    d->cards[j] = card;
  }
  d->hand++;
}

void hr_assign_folds(const int32_t *bin, size_t rows, size_t bin_count, size_t fold_count,
                     uint64_t seed, uint8_t *fold) {
  deck decks[HR_MOST_BINS + 1]; /* 70 KiB; one a bin, then the uncovered rows */
  memset(decks, 0, (bin_count + 1) * sizeof *decks);
  for (size_t i = 0; i < rows; i++) {
    size_t k = bin[i] == HR_UNCOVERED ? bin_count : (size_t)bin[i];
    deck *d = &decks[k];
    if (d->dealt == 0) shuffle(d, k, fold_count, seed);
    fold[i] = d->cards[d->dealt];
    d->dealt = (uint8_t)((d->dealt + 1u) % fold_count);
  }
}
