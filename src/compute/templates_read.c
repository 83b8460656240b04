/* Reading templates from disk. Nothing that a file says is believed before it is held
 * against the file's size and the other things that it says. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "compute/templates_layout.h"
#include "compute/templates_rest.h"
#include "core/alloc.h"
#include "core/fingerprint.h"
#include "core/parallel.h"
#include "core/text.h"

/* A file that is being read. */
typedef struct source {
  FILE *file;
  const char *path;
  uint64_t print;
  uint64_t words[HR_TEMPLATES_WORDS];
} source;

static hr_status take(source *from, void *bytes, size_t size, hr_error *err) {
  errno = 0;
  if (fread(bytes, 1, size, from->file) != size) {
    return hr_fail_errno(err, HR_ERR_IO, errno ? errno : EIO, "cannot read %s",
                         from->path);
  }
  from->print = hr_fingerprint_bytes(from->print, bytes, size);
  return HR_OK;
}

static hr_status damaged(const source *from, hr_error *err) {
  return hr_fail(err, HR_ERR_FORMAT,
                 "%s is damaged: it does not agree with itself; copy the model again, or "
                 "run the study again",
                 from->path);
}

static double number_at(const source *from, size_t word) {
  double value = 0;
  memcpy(&value, &from->words[word], sizeof value);
  return value;
}

static bool is_from(double value, double least, double most) {
  return value >= least && value <= most;
}

/* Whether the words describe templates that there can be; counts are small enough for
 * products of two of them and for memory. */
static bool are_words_sound(const source *from) {
  static const uint64_t most = (uint64_t)1 << 40;
  const uint64_t *w = from->words;
  static const int counts[] = {HR_TEMPLATES_COUNT,      HR_TEMPLATES_PIXELS,
                               HR_TEMPLATES_TILES,      HR_TEMPLATES_COLUMNS,
                               HR_TEMPLATES_COMPONENTS, HR_TEMPLATES_COEFFICIENTS,
                               HR_TEMPLATES_KEPT};
  for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
    if (w[counts[i]] > most) return false;
  }
  bool gaussian = w[HR_TEMPLATES_AMPLITUDE] == HR_AMPLITUDE_GAUSSIAN;
  return w[HR_TEMPLATES_COMPACT] <= 1 && w[HR_TEMPLATES_WEIGH] <= HR_WEIGH_PIXELS &&
         w[HR_TEMPLATES_TARGETS] > 0 &&
         w[HR_TEMPLATES_TARGETS] <= HR_MOST_TEMPLATE_TARGETS &&
         w[HR_TEMPLATES_COUNT] > 0 && w[HR_TEMPLATES_COUNT] <= UINT32_MAX &&
         w[HR_TEMPLATES_TILES] <= w[HR_TEMPLATES_COUNT] &&
         w[HR_TEMPLATES_COLUMNS] <= 16 &&
         w[HR_TEMPLATES_KEPT] <= w[HR_TEMPLATES_COUNT] * w[HR_TEMPLATES_COMPACT] &&
         w[HR_TEMPLATES_AMPLITUDE] <= HR_AMPLITUDE_GAUSSIAN &&
         is_from(number_at(from, HR_TEMPLATES_AMPLITUDE_SIGMA), gaussian ? 1e-12 : 0,
                 1e12) &&
         is_from(number_at(from, HR_TEMPLATES_LEAST_EFFECTIVE), 0,
                 HR_LEAST_EFFECTIVE_MOST) &&
         is_from(number_at(from, HR_TEMPLATES_LEVEL), 0, 1e30) &&
         is_from(number_at(from, HR_TEMPLATES_CENTRE_LABEL), -1e30, 1e30) &&
         is_from(number_at(from, HR_TEMPLATES_MOST_ERROR), 0, 1e30);
}

/* The kind, the words, and that the file is as large as they say. */
static hr_status take_words(source *from, size_t pixels, size_t targets, hr_error *err) {
  hr_status status = HR_OK;
  char kind[HR_TEMPLATES_KIND_SIZE];
  struct stat info;
  if (fstat(fileno(from->file), &info) != 0 || !S_ISREG(info.st_mode)) {
    return hr_fail(err, HR_ERR_MISSING, "%s is not a file", from->path);
  }
  double size = (double)info.st_size;
  if (size < (double)(sizeof kind + sizeof from->words)) {
    return hr_fail(err, HR_ERR_FORMAT, "%s has %.0f bytes, too few for templates",
                   from->path, size);
  }
  HR_TRY(take(from, kind, sizeof kind, err));
  if (memcmp(kind, HR_TEMPLATES_KIND, sizeof kind) != 0) {
    bool other = memcmp(kind, HR_TEMPLATES_KIND, sizeof kind - 1) == 0;
    return hr_fail(err, HR_ERR_FORMAT,
                   other ? "%s is of another version than this program reads; run the "
                           "study again"
                         : "%s is not a file of templates",
                   from->path);
  }
  HR_TRY(take(from, from->words, sizeof from->words, err));
  if (from->words[HR_TEMPLATES_PIXELS] != pixels ||
      from->words[HR_TEMPLATES_TARGETS] != targets) {
    return hr_fail(err, HR_ERR_FORMAT,
                   "%s has templates of %llu pixels and %llu targets, not of %zu and "
                   "%zu: it belongs to another model",
                   from->path, (unsigned long long)from->words[HR_TEMPLATES_PIXELS],
                   (unsigned long long)from->words[HR_TEMPLATES_TARGETS], pixels,
                   targets);
  }
  if (!are_words_sound(from)) return damaged(from, err);
  if (hr_templates_file_size(from->words) != size) {
    return hr_fail(err, HR_ERR_FORMAT,
                   "%s has %.0f bytes, and what it describes takes %s: copy the model "
                   "again",
                   from->path, size, HR_DECIMALS(hr_templates_file_size(from->words), 0));
  }
cleanup:
  return status;
}

/* Whether a tile is one that there can be. */
static bool is_tile_sound(const source *from, const uint32_t *w) {
  bool has_components = from->words[HR_TEMPLATES_WEIGH] == HR_WEIGH_COMPONENTS ||
                        from->words[HR_TEMPLATES_COMPACT];
  uint32_t least = has_components ? 1 : 0;
  return w[HR_TILE_COUNT] >= 1 && w[HR_TILE_COUNT] <= HR_TEMPLATE_TILE &&
         w[HR_TILE_GROUP] <= HR_NO_GROUP - 1 && w[HR_TILE_LINEAR] >= least &&
         w[HR_TILE_LINEAR] <= least * HR_TEMPLATE_LINEAR && w[HR_TILE_SQUARE] >= least &&
         w[HR_TILE_SQUARE] <= least * HR_TEMPLATE_SQUARE && w[HR_TILE_KEPT] <= 1;
}

/* The tiles, and whether what their components leave is kept: [tiles]. */
static hr_status take_tiles(source *from, hr_templates *t, bool *kept, hr_error *err) {
  hr_status status = HR_OK;
  uint64_t components = 0, coefficients = 0, first = 0;
  uint64_t rests = 0;
  for (size_t k = 0; k < t->tile_count; k++) {
    uint32_t w[HR_TILE_WORDS];
    HR_TRY(take(from, w, sizeof w, err));
    if (!is_tile_sound(from, w)) return damaged(from, err);
    t->tiles[k] = (hr_template_tile){.first = first,
                                     .count = w[HR_TILE_COUNT],
                                     .group = (int32_t)w[HR_TILE_GROUP],
                                     .linear = w[HR_TILE_LINEAR],
                                     .square = w[HR_TILE_SQUARE]};
    uint64_t rank = w[HR_TILE_LINEAR] + w[HR_TILE_SQUARE];
    kept[k] = w[HR_TILE_KEPT] == 1;
    first += w[HR_TILE_COUNT];
    components += rank;
    coefficients += rank * w[HR_TILE_COUNT];
    rests += kept[k] ? w[HR_TILE_COUNT] : 0;
  }
  if (first != t->count || components != from->words[HR_TEMPLATES_COMPONENTS] ||
      coefficients != from->words[HR_TEMPLATES_COEFFICIENTS] ||
      rests != from->words[HR_TEMPLATES_KEPT]) {
    return damaged(from, err);
  }
cleanup:
  return status;
}

/* Every slot once. */
static hr_status take_slots(source *from, hr_templates *t, hr_error *err) {
  hr_status status = HR_OK;
  bool *seen = NULL;
  HR_TRY(hr_alloc(&seen, t->count, err));
  for (size_t i = 0; i < t->count; i++) {
    uint32_t slot = 0;
    HR_TRY(take(from, &slot, sizeof slot, err));
    if (slot >= t->count || seen[slot]) {
      status = damaged(from, err);
      goto cleanup;
    }
    seen[slot] = true;
    t->slot[i] = slot;
  }
cleanup:
  hr_free(seen);
  return status;
}

/* A part that is an array of its own. The size of every one fits: all are in the file. */
static hr_status take_part(source *from, void *values, hr_templates_part part,
                           hr_error *err) {
  return take(from, values, (size_t)hr_templates_part_size(from->words, part), err);
}

/* Labels of all targets, and what they are relative to. */
static hr_status take_labels(source *from, hr_templates *t, hr_error *err) {
  hr_status status = HR_OK;
  HR_TRY(take_part(from, t->label_offset, HR_PART_LABEL, err));
  t->centre_label[0] = number_at(from, HR_TEMPLATES_CENTRE_LABEL);
  t->most_error[0] = number_at(from, HR_TEMPLATES_MOST_ERROR);
  for (size_t target = 1; target < t->targets; target++) {
    double more[2] = {0};
    HR_TRY(take(from, more, sizeof more, err));
    if (!is_from(more[0], -1e30, 1e30) || !is_from(more[1], 0, 1e30)) {
      return damaged(from, err);
    }
    t->centre_label[target] = more[0];
    t->most_error[target] = more[1];
  }
cleanup:
  return status;
}

static hr_status take_components(source *from, hr_templates *t, hr_error *err) {
  hr_status status = HR_OK;
  if (from->words[HR_TEMPLATES_COMPONENTS] == 0) return HR_OK;
  HR_TRY(hr_alloc(&t->basis, t->tile_count * HR_TEMPLATE_RANK * t->pixels, err));
  HR_TRY(hr_alloc(&t->coefficient, t->count * HR_TEMPLATE_RANK, err));
  for (size_t k = 0; k < t->tile_count; k++) {
    size_t values = (t->tiles[k].linear + t->tiles[k].square) * t->pixels;
    float *basis = t->basis + k * HR_TEMPLATE_RANK * t->pixels;
    HR_TRY(take(from, basis, values * sizeof *basis, err));
  }
  for (size_t k = 0; k < t->tile_count; k++) {
    const hr_template_tile *tile = &t->tiles[k];
    size_t values = tile->linear + tile->square;
    for (size_t i = tile->first; i < tile->first + tile->count; i++) {
      float *row = t->coefficient + i * HR_TEMPLATE_RANK;
      HR_TRY(take(from, row, values * sizeof *row, err));
    }
  }
cleanup:
  return status;
}

typedef struct rebuilding {
  hr_templates *templates;
  float *scratch; /* [threads][TILE][P] */
} rebuilding;

static void rebuild_tile(void *context, size_t index, size_t thread) {
  const rebuilding *work = context;
  hr_templates *t = work->templates;
  const hr_template_tile *tile = &t->tiles[index];
  float *g = work->scratch + thread * HR_TEMPLATE_TILE * t->pixels;
  hr_templates_rebuild(t, index, g);
  for (size_t i = 0; i < tile->count; i++) {
    memcpy(t->x + t->slot[tile->first + i] * t->pixels, g + i * t->pixels,
           t->pixels * sizeof *g);
  }
}

/* Adds what components leave, where it is kept. */
static hr_status take_rests(source *from, hr_templates *t, const bool *kept,
                            hr_error *err) {
  hr_status status = HR_OK;
  size_t count = (size_t)from->words[HR_TEMPLATES_KEPT], at = 0;
  size_t runs = hr_templates_runs(t->pixels);
  float *step = NULL;
  int16_t *left = NULL;
  HR_TRY(hr_alloc(&step, count * runs, err));
  HR_TRY(hr_alloc(&left, t->pixels, err));
  HR_TRY(take_part(from, step, HR_PART_STEPS, err));
  for (size_t k = 0; k < t->tile_count; k++) {
    const hr_template_tile *tile = &t->tiles[k];
    for (size_t i = 0; kept[k] && i < tile->count; i++, at++) {
      float *g = t->x + t->slot[tile->first + i] * t->pixels;
      HR_TRY(take(from, left, t->pixels * sizeof *left, err));
      hr_templates_rest_add(step + at * runs, left, t->scale, t->pixels, g);
    }
  }
cleanup:
  hr_free(step);
  hr_free(left);
  return status;
}

/* What is weighed over pixels has components in the file alone. */
static void forget_components(hr_templates *t) {
  if (t->options.weigh == HR_WEIGH_COMPONENTS) return;
  hr_free(t->basis);
  hr_free(t->coefficient);
  t->basis = t->coefficient = NULL;
  for (size_t k = 0; k < t->tile_count; k++) t->tiles[k].linear = t->tiles[k].square = 0;
}

static hr_status take_pixels(source *from, hr_templates *t, const bool *kept,
                             hr_error *err) {
  hr_status status = HR_OK;
  rebuilding work = {t, NULL};
  HR_TRY(hr_alloc(&t->x, t->count * t->pixels, err));
  if (!from->words[HR_TEMPLATES_COMPACT]) {
    HR_TRY(take_part(from, t->x, HR_PART_PIXELS, err));
    goto cleanup;
  }
  HR_TRY(hr_alloc(&work.scratch, hr_thread_count() * HR_TEMPLATE_TILE * t->pixels, err));
  hr_parallel_for(t->tile_count, rebuild_tile, &work);
  HR_TRY(take_rests(from, t, kept, err));
  forget_components(t);
cleanup:
  hr_free(work.scratch);
  return status;
}

static hr_status take_end(source *from, hr_error *err) {
  uint64_t expected = from->print, print = 0;
  hr_status status = take(from, &print, sizeof print, err);
  if (status == HR_OK && print != expected) return damaged(from, err);
  return status;
}

static bool are_finite(const float *values, size_t count) {
  for (size_t i = 0; i < count; i++) {
    if (!isfinite(values[i])) return false;
  }
  return true;
}

/* What sums are made of has to be numbers. */
static hr_status check_numbers(const source *from, const hr_templates *t,
                               const hr_templates_notes *notes, hr_error *err) {
  bool good = are_finite(t->label_offset, t->targets * t->count) &&
              are_finite(t->centre, t->tile_count * t->pixels) &&
              are_finite(t->x, t->count * t->pixels);
  if (good && t->basis) {
    good = are_finite(t->basis, t->tile_count * HR_TEMPLATE_RANK * t->pixels) &&
           are_finite(t->coefficient, t->count * HR_TEMPLATE_RANK);
  }
  for (size_t p = 0; good && p < t->pixels; p++) {
    good = isfinite(t->scale[p]) && t->scale[p] > 0;
  }
  for (size_t i = 0; good && i < t->count * notes->columns; i++) {
    good = isfinite(notes->origin[i]);
  }
  if (good) return HR_OK;
  return hr_fail(err, HR_ERR_FORMAT,
                 "%s has a number that is not finite; run the study again", from->path);
}

static void widen_centres(hr_templates *t) {
  size_t values = t->tile_count * t->pixels;
  for (size_t i = 0; i < values; i++) {
    t->centre_wide[i] = (double)t->centre[i];
    t->centre_wide[values + i] = t->centre_wide[i] * t->centre_wide[i];
  }
}

static void set_options(const source *from, hr_templates *t, hr_templates_notes *notes) {
  t->count = (size_t)from->words[HR_TEMPLATES_COUNT];
  t->pixels = (size_t)from->words[HR_TEMPLATES_PIXELS];
  t->tile_count = (size_t)from->words[HR_TEMPLATES_TILES];
  t->options = (hr_templates_options){
      .weigh = (hr_weigh)from->words[HR_TEMPLATES_WEIGH],
      .amplitude = (hr_amplitude)from->words[HR_TEMPLATES_AMPLITUDE],
      .amplitude_sigma = number_at(from, HR_TEMPLATES_AMPLITUDE_SIGMA),
      .least_effective = number_at(from, HR_TEMPLATES_LEAST_EFFECTIVE)};
  t->targets = t->options.targets = (size_t)from->words[HR_TEMPLATES_TARGETS];
  notes->level = number_at(from, HR_TEMPLATES_LEVEL);
  notes->columns = (size_t)from->words[HR_TEMPLATES_COLUMNS];
}

static hr_status allocate(hr_templates *t, hr_templates_notes *notes, hr_error *err) {
  hr_status status = HR_OK;
  HR_TRY(hr_alloc(&t->tiles, t->tile_count, err));
  HR_TRY(hr_alloc(&t->slot, t->count, err));
  HR_TRY(hr_alloc(&t->label_offset, t->targets * t->count, err));
  HR_TRY(hr_alloc(&t->centre_label, t->targets, err));
  HR_TRY(hr_alloc(&t->most_error, t->targets, err));
  HR_TRY(hr_alloc(&t->fold, t->count, err));
  HR_TRY(hr_alloc(&notes->origin, t->count * notes->columns, err));
  HR_TRY(hr_alloc(&t->scale, t->pixels, err));
  HR_TRY(hr_alloc(&t->centre, t->tile_count * t->pixels, err));
  HR_TRY(hr_alloc(&t->centre_wide, 2 * t->tile_count * t->pixels, err));
cleanup:
  return status;
}

static hr_status take_all(source *from, hr_templates *t, hr_templates_notes *notes,
                          hr_error *err) {
  hr_status status = HR_OK;
  bool *kept = NULL;
  set_options(from, t, notes);
  HR_TRY(allocate(t, notes, err));
  HR_TRY(hr_alloc(&kept, t->tile_count, err));
  HR_TRY(take_tiles(from, t, kept, err));
  HR_TRY(take_slots(from, t, err));
  HR_TRY(take_labels(from, t, err));
  HR_TRY(take_part(from, notes->origin, HR_PART_ORIGIN, err));
  HR_TRY(take_part(from, t->scale, HR_PART_SCALE, err));
  HR_TRY(take_part(from, t->centre, HR_PART_CENTRE, err));
  HR_TRY(take_components(from, t, err));
  HR_TRY(take_pixels(from, t, kept, err));
  HR_TRY(take_end(from, err));
  HR_TRY(check_numbers(from, t, notes, err));
  widen_centres(t);
  if (t->basis && t->count > HR_TEMPLATES_MANY) HR_TRY(hr_templates_cluster(t, err));
cleanup:
  hr_free(kept);
  return status;
}

hr_status hr_templates_load(const char *path, size_t pixels, size_t targets,
                            hr_templates **out, hr_templates_notes *notes,
                            hr_error *err) {
  hr_status status = HR_OK;
  hr_templates *t = NULL;
  hr_templates_notes found = {0};
  source from = {.path = path, .print = hr_fingerprint_start()};
  from.file = fopen(path, "rb");
  if (!from.file) {
    return hr_fail_errno(err, HR_ERR_MISSING, errno, "cannot open %s", path);
  }
  HR_TRY(take_words(&from, pixels, targets, err));
  HR_TRY(hr_alloc(&t, 1, err));
  t->compute = hr_compute_default();
  HR_TRY(take_all(&from, t, &found, err));
  *out = t;
  *notes = found;
  t = NULL;
  found = (hr_templates_notes){0};
cleanup:
  fclose(from.file);
  hr_templates_destroy(&t);
  hr_templates_notes_fini(&found);
  return status;
}
