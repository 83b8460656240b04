/* Writing templates to disk: part by part, as a full set is too large to be copied first.
 */
#include "compute/templates_file.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "compute/templates_layout.h"
#include "compute/templates_rest.h"
#include "core/alloc.h"
#include "core/file.h"
#include "core/fingerprint.h"

void hr_templates_notes_fini(hr_templates_notes *notes) {
  hr_free(notes->origin);
  *notes = (hr_templates_notes){0};
}

/* A file that is being written. */
typedef struct sink {
  FILE *file;
  const char *path;
  uint64_t print;
} sink;

static hr_status put(sink *to, const void *bytes, size_t size, hr_error *err) {
  if (size == 0) return HR_OK; /* what is empty may have no address */
  to->print = hr_fingerprint_bytes(to->print, bytes, size);
  if (fwrite(bytes, 1, size, to->file) == size) return HR_OK;
  return hr_fail_errno(err, HR_ERR_IO, errno, "cannot write %s", to->path);
}

typedef struct saving {
  const hr_templates *templates;
  const hr_templates_notes *notes;
  bool compact;
  hr_templates_rest *rests; /* [tiles], of the compact form */
} saving;

static void count_parts(const saving *s, uint64_t *words) {
  const hr_templates *t = s->templates;
  for (size_t k = 0; k < t->tile_count; k++) {
    uint64_t components = t->tiles[k].linear + t->tiles[k].square;
    words[HR_TEMPLATES_COMPONENTS] += components;
    words[HR_TEMPLATES_COEFFICIENTS] += components * t->tiles[k].count;
    words[HR_TEMPLATES_KEPT] += s->rests[k].left ? t->tiles[k].count : 0;
  }
}

static uint64_t word_of(double value) {
  uint64_t word = 0;
  memcpy(&word, &value, sizeof word);
  return word;
}

static hr_status put_words(const saving *s, sink *to, hr_error *err) {
  const hr_templates *t = s->templates;
  uint64_t words[HR_TEMPLATES_WORDS] = {
      [HR_TEMPLATES_COMPACT] = s->compact,
      [HR_TEMPLATES_COUNT] = t->count,
      [HR_TEMPLATES_PIXELS] = t->pixels,
      [HR_TEMPLATES_TARGETS] = t->targets,
      [HR_TEMPLATES_TILES] = t->tile_count,
      [HR_TEMPLATES_WEIGH] = (uint64_t)t->options.weigh,
      [HR_TEMPLATES_AMPLITUDE] = (uint64_t)t->options.amplitude,
      [HR_TEMPLATES_AMPLITUDE_SIGMA] = word_of(t->options.amplitude_sigma),
      [HR_TEMPLATES_LEAST_EFFECTIVE] = word_of(t->options.least_effective),
      [HR_TEMPLATES_LEVEL] = word_of(s->notes->level),
      [HR_TEMPLATES_CENTRE_LABEL] = word_of(t->centre_label[0]),
      [HR_TEMPLATES_MOST_ERROR] = word_of(t->most_error[0]),
      [HR_TEMPLATES_COLUMNS] = s->notes->columns};
  count_parts(s, words);
  hr_status status = put(to, HR_TEMPLATES_KIND, HR_TEMPLATES_KIND_SIZE, err);
  return status == HR_OK ? put(to, words, sizeof words, err) : status;
}

static hr_status put_tiles(const saving *s, sink *to, hr_error *err) {
  hr_status status = HR_OK;
  const hr_templates *t = s->templates;
  for (size_t k = 0; k < t->tile_count; k++) {
    const hr_template_tile *tile = &t->tiles[k];
    const uint32_t words[HR_TILE_WORDS] = {[HR_TILE_COUNT] = (uint32_t)tile->count,
                                           [HR_TILE_GROUP] = (uint32_t)tile->group,
                                           [HR_TILE_LINEAR] = (uint32_t)tile->linear,
                                           [HR_TILE_SQUARE] = (uint32_t)tile->square,
                                           [HR_TILE_KEPT] = s->rests[k].left != NULL};
    HR_TRY(put(to, words, sizeof words, err));
  }
  for (size_t i = 0; i < t->count; i++) {
    const uint32_t slot = (uint32_t)t->slot[i];
    HR_TRY(put(to, &slot, sizeof slot, err));
  }
  HR_TRY(put(to, t->label_offset, t->targets * t->count * sizeof(float), err));
  for (size_t target = 1; target < t->targets; target++) {
    const double more[2] = {t->centre_label[target], t->most_error[target]};
    HR_TRY(put(to, more, sizeof more, err));
  }
  HR_TRY(put(to, s->notes->origin, t->count * s->notes->columns * sizeof(double), err));
  HR_TRY(put(to, t->scale, t->pixels * sizeof *t->scale, err));
  HR_TRY(put(to, t->centre, t->tile_count * t->pixels * sizeof *t->centre, err));
cleanup:
  return status;
}

static hr_status put_components(const hr_templates *t, sink *to, hr_error *err) {
  hr_status status = HR_OK;
  for (size_t k = 0; k < t->tile_count; k++) {
    size_t rows = t->tiles[k].linear + t->tiles[k].square;
    const float *basis = rows ? t->basis + k * HR_TEMPLATE_RANK * t->pixels : t->x;
    HR_TRY(put(to, basis, rows * t->pixels * sizeof *basis, err));
  }
  for (size_t k = 0; k < t->tile_count; k++) {
    const hr_template_tile *tile = &t->tiles[k];
    size_t row = tile->linear + tile->square;
    for (size_t i = tile->first; row && i < tile->first + tile->count; i++) {
      const float *values = t->coefficient + i * HR_TEMPLATE_RANK;
      HR_TRY(put(to, values, row * sizeof *values, err));
    }
  }
cleanup:
  return status;
}

static hr_status put_rests(const saving *s, sink *to, hr_error *err) {
  hr_status status = HR_OK;
  const hr_templates *t = s->templates;
  size_t runs = hr_templates_runs(t->pixels);
  for (size_t k = 0; k < t->tile_count; k++) {
    const hr_templates_rest *rest = &s->rests[k];
    if (!rest->left) continue;
    HR_TRY(put(to, rest->step, t->tiles[k].count * runs * sizeof *rest->step, err));
  }
  for (size_t k = 0; k < t->tile_count; k++) {
    const hr_templates_rest *rest = &s->rests[k];
    if (!rest->left) continue;
    HR_TRY(put(to, rest->left, t->tiles[k].count * t->pixels * sizeof *rest->left, err));
  }
cleanup:
  return status;
}

static hr_status put_all(const saving *s, sink *to, hr_error *err) {
  hr_status status = HR_OK;
  const hr_templates *t = s->templates;
  HR_TRY(put_words(s, to, err));
  HR_TRY(put_tiles(s, to, err));
  HR_TRY(put_components(t, to, err));
  if (s->compact) {
    HR_TRY(put_rests(s, to, err));
  } else {
    HR_TRY(put(to, t->x, t->count * t->pixels * sizeof *t->x, err));
  }
  const uint64_t print = to->print;
  HR_TRY(put(to, &print, sizeof print, err));
cleanup:
  return status;
}

static hr_status write_file(const saving *s, const char *path, hr_error *err) {
  hr_status status = HR_OK;
  char *part = NULL;
  sink to = {.path = path, .print = hr_fingerprint_start()};
  HR_TRY(hr_file_part_name(path, &part, err));
  to.file = fopen(part, "wb");
  if (!to.file) {
    status = hr_fail_errno(err, HR_ERR_IO, errno, "cannot write %s", path);
    goto cleanup;
  }
  HR_TRY(put_all(s, &to, err));
  bool is_closed = fclose(to.file) == 0;
  to.file = NULL;
  if (!is_closed) {
    status = hr_fail_errno(err, HR_ERR_IO, errno, "cannot write %s", path);
    goto cleanup;
  }
  HR_TRY(hr_file_commit(part, path, err));
cleanup:
  if (to.file) fclose(to.file);
  if (status != HR_OK && part) unlink(part);
  hr_free(part);
  return status;
}

static hr_status find_rests(const saving *s, hr_error *err) {
  hr_status status = HR_OK;
  for (size_t k = 0; s->compact && k < s->templates->tile_count; k++) {
    HR_TRY(hr_templates_rest_find(s->templates, k, &s->rests[k], err));
  }
cleanup:
  return status;
}

/* Components for templates that are weighed over pixels: in a copy that shares all but
 * these. To be followed by free_components. */
static hr_status find_components(const hr_templates *t, hr_templates *copy,
                                 hr_error *err) {
  hr_status status = HR_OK;
  *copy = *t;
  copy->tiles = NULL;
  HR_TRY(hr_alloc(&copy->tiles, t->tile_count, err));
  memcpy(copy->tiles, t->tiles, t->tile_count * sizeof *t->tiles);
  HR_TRY(hr_templates_compress(copy, err));
cleanup:
  return status;
}

static void free_components(hr_templates *copy) {
  hr_free(copy->tiles);
  hr_free(copy->basis);
  hr_free(copy->coefficient);
}

hr_status hr_templates_save(const hr_templates *t, const hr_templates_notes *notes,
                            bool compact, const char *path, hr_error *err) {
  hr_status status = HR_OK;
  hr_templates copy = {0};
  bool is_copied = compact && !t->basis;
  saving s = {is_copied ? &copy : t, notes, compact, NULL};
  if (is_copied) HR_TRY(find_components(t, &copy, err));
  HR_TRY(hr_alloc(&s.rests, t->tile_count, err));
  HR_TRY(find_rests(&s, err));
  HR_TRY(write_file(&s, path, err));
cleanup:
  for (size_t k = 0; s.rests && k < t->tile_count; k++) {
    hr_templates_rest_fini(&s.rests[k]);
  }
  hr_free(s.rests);
  if (is_copied) free_components(&copy);
  return status;
}
