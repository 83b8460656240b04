/* Nearly every spectrum is without a bad pixel, or without an error that could be absurd,
 * and is known to be so after one loop without branches; only the others are looked at
 * pixel by pixel. */
#include "data/bad_pixels.h"

#include <string.h>

#include "core/vector.h"

/* Error over the lower quartile of the row's good errors. */
static const double most_error = 1000;

/* Positive floats are in the order of their bits, and those that are not positive or not
 * finite are outside 1 .. LARGEST_BITS. */
enum {
  LARGEST_BITS = 0x58635fa9 /* of HR_PREPARE_LARGEST */,
  INFINITE_BITS = 0x7f800000
};

static uint32_t bits_of(float x) {
  uint32_t bits;
  memcpy(&bits, &x, sizeof bits);
  return bits;
}

static bool is_usable_flux(float x) {
  return (bits_of(x) & 0x7fffffffu) <= LARGEST_BITS;
}

static bool is_usable_error(float error) {
  return bits_of(error) - 1u < (uint32_t)LARGEST_BITS;
}

/* --- one loop a reason --- */

HR_VECTOR_CLONES
static uint32_t count_unusable_flux(size_t count, const float *x) {
  uint32_t unusable = 0;
  for (size_t p = 0; p < count; p++) unusable += (uint32_t)!is_usable_flux(x[p]);
  return unusable;
}

HR_VECTOR_CLONES
static uint32_t count_marked(size_t count, const uint8_t *mask) {
  uint32_t marked = 0;
  for (size_t p = 0; p < count; p++) marked += (uint32_t)(mask[p] != 0);
  return marked;
}

typedef struct error_range {
  uint32_t unusable;
  int32_t least, most; /* bits of the usable errors */
} error_range;

HR_VECTOR_CLONES
static error_range look_at_error(size_t count, const float *error) {
  uint32_t unusable = 0;
  int32_t least = INT32_MAX, most = 0;
  for (size_t p = 0; p < count; p++) {
    bool is_usable = is_usable_error(error[p]);
    int32_t bits = (int32_t)bits_of(error[p]);
    int32_t low = is_usable ? bits : INT32_MAX, high = is_usable ? bits : 0;
    unusable += (uint32_t)!is_usable;
    least = low < least ? low : least;
    most = high > most ? high : most;
  }
  return (error_range){unusable, least, most};
}

static float float_of(int32_t bits) {
  float x;
  memcpy(&x, &bits, sizeof x);
  return x;
}

/* No error can be a thousand times the quartile where none is a thousand times the
 * least. */
static bool may_be_huge(const error_range *range) {
  if (range->most == 0) return false;
  return (double)float_of(range->most) > most_error * (double)float_of(range->least);
}

/* --- the quartile --- */

enum { STEPS = 1024 }; /* of 2^20 bits: an exponent of 256 has eight of them a factor 2 */

static bool is_marked(const hr_pixels *row, size_t p) {
  return row->mask && row->mask[p];
}

static uint32_t key_of(uint32_t bits, unsigned shift) {
  return (bits >> shift) & (STEPS - 1);
}

/* Of the good errors whose bits above those of `shift` are `above`, how many have each
 * key. */
static size_t count_keys(const hr_pixels *row, unsigned shift, uint32_t above,
                         uint32_t counts[STEPS]) {
  size_t found = 0;
  memset(counts, 0, STEPS * sizeof *counts);
  for (size_t p = 0; p < row->count; p++) {
    uint32_t bits = bits_of(row->error[p]);
    if (!is_usable_error(row->error[p]) || is_marked(row, p)) continue;
    if ((uint64_t)bits >> (shift + 10) != above) continue;
    counts[key_of(bits, shift)]++;
    found++;
  }
  return found;
}

/* The key below which fewer than *rank values are; *rank becomes the rank within it. */
static uint32_t find_key(const uint32_t counts[STEPS], size_t *rank) {
  uint32_t key = 0;
  while (key + 1 < STEPS && *rank >= counts[key]) *rank -= counts[key++];
  return key;
}

/* The lower quartile of the good errors, to a thousandth of it, from their bits ten at a
 * time: no memory is needed, whatever the number of pixels. 0 where none is good. */
static double find_quartile(const hr_pixels *row) {
  uint32_t counts[STEPS];
  size_t found = count_keys(row, 22, 0, counts), rank = found / 4;
  if (found == 0) return 0;
  uint32_t above = find_key(counts, &rank);
  count_keys(row, 12, above, counts);
  uint32_t bits = (above << 10 | find_key(counts, &rank)) << 12;
  return (double)float_of((int32_t)bits);
}

/* --- the pixels one by one --- */

typedef enum reason { GOOD, MARKED, FLUX, UNKNOWN, NONPOSITIVE, HUGE } reason;

static reason reason_of(const hr_pixels *row, size_t p, double largest_error) {
  if (is_marked(row, p)) return MARKED;
  if (row->flux && !is_usable_flux(row->flux[p])) return FLUX;
  if (row->noisy && !is_usable_flux(row->noisy[p])) return FLUX;
  if (!row->error) return GOOD;
  float error = row->error[p];
  if ((bits_of(error) & 0x7fffffffu) >= INFINITE_BITS) return UNKNOWN;
  if (!(error > 0)) return NONPOSITIVE;
  return (double)error <= largest_error ? GOOD : HUGE;
}

static void count_reason(reason why, hr_bad_counts *counts) {
  counts->all += why != GOOD;
  counts->marked += why == MARKED;
  counts->flux += why == FLUX;
  counts->unknown += why == UNKNOWN;
  counts->nonpositive += why == NONPOSITIVE;
  counts->huge += why == HUGE;
}

/* Whether any pixel can be bad, and the largest error that is not. */
static bool look_at_row(const hr_pixels *row, double *largest_error) {
  uint32_t found = 0;
  error_range range = {0};
  if (row->mask) found += count_marked(row->count, row->mask);
  if (row->flux) found += count_unusable_flux(row->count, row->flux);
  if (row->noisy) found += count_unusable_flux(row->count, row->noisy);
  if (row->error) range = look_at_error(row->count, row->error);
  *largest_error = (double)HR_PREPARE_LARGEST;
  bool may_be = row->error && may_be_huge(&range);
  if (may_be) {
    double most = most_error * find_quartile(row);
    if (most > 0 && most < *largest_error) *largest_error = most;
  }
  return found > 0 || range.unusable > 0 || may_be;
}

static bool is_lost(const hr_pixels *row, size_t p) {
  return (row->flux && !is_usable_flux(row->flux[p])) ||
         (row->noisy && !is_usable_flux(row->noisy[p]));
}

static void mend_pixel(const hr_pixels *row, size_t p, const float *stand_in) {
  if (row->flux && stand_in) row->flux[p] = stand_in[p];
  if (row->noisy && stand_in) row->noisy[p] = stand_in[p];
  if (row->error) row->error[p] = 0;
}

hr_bad_counts hr_bad_pixels_find(const hr_pixels *row, uint8_t *bad) {
  hr_bad_counts counts = {0};
  double largest_error = 0;
  if (bad) memset(bad, 0, row->count);
  if (!look_at_row(row, &largest_error)) return counts;
  for (size_t p = 0; p < row->count; p++) {
    reason why = reason_of(row, p, largest_error);
    count_reason(why, &counts);
    counts.lost += is_lost(row, p);
    if (bad) bad[p] = why != GOOD;
  }
  return counts;
}

hr_bad_counts hr_bad_pixels_mend(const hr_pixels *row, const float *stand_in) {
  hr_bad_counts counts = {0};
  double largest_error = 0;
  if (!look_at_row(row, &largest_error)) return counts;
  for (size_t p = 0; p < row->count; p++) {
    reason why = reason_of(row, p, largest_error);
    count_reason(why, &counts);
    counts.lost += is_lost(row, p);
    if (why != GOOD) mend_pixel(row, p, stand_in);
  }
  return counts;
}
