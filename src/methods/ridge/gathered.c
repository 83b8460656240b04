/* A head of words, then what is put, then the fingerprint. */
#include "methods/ridge/gathered.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/file.h"
#include "core/fingerprint.h"

static const uint64_t kind = 0x316d757365676452; /* "Rdgesum1" */

enum { HEAD_WORDS = 8, CHECKED_AT_A_TIME = 1 << 20 };

static void make_head(const hr_gathered_shape *shape, uint64_t head[HEAD_WORDS]) {
  const uint64_t words[HEAD_WORDS] = {kind,         shape->pixels,   shape->targets,
                                      shape->folds, shape->rows,     shape->held,
                                      HR_TILE,      shape->has_noise};
  memcpy(head, words, sizeof words);
}

double hr_gathered_bytes(const hr_gathered_shape *shape) {
  double pixels = (double)shape->pixels, targets = (double)shape->targets;
  double tile = pixels < HR_TILE ? pixels : HR_TILE;
  double across = (double)((shape->pixels + HR_TILE - 1) / HR_TILE);
  double sums = across * (across + 1) / 2 * tile * tile + pixels + targets * (pixels + 2);
  double noise = shape->has_noise ? pixels : 0;
  return 8 * (HEAD_WORDS + 1 + (double)shape->folds * (1 + sums + noise)) +
         (double)shape->held * (4 * pixels + 8);
}

static hr_status fail_write(const hr_gathered *g, hr_error *err) {
  return hr_fail_errno(err, HR_ERR_IO, errno, "cannot write %s", g->path);
}

hr_status hr_gathered_put(hr_gathered *g, const void *bytes, size_t size, hr_error *err) {
  g->print = hr_fingerprint_bytes(g->print, bytes, size);
  return fwrite(bytes, 1, size, g->file) == size ? HR_OK : fail_write(g, err);
}

hr_status hr_gathered_create(const char *path, const hr_gathered_shape *shape,
                             hr_gathered *out, hr_error *err) {
  hr_status status = HR_OK;
  uint64_t head[HEAD_WORDS];
  *out = (hr_gathered){.print = hr_fingerprint_start()};
  HR_TRY(hr_copy_text(path, &out->path, err));
  HR_TRY(hr_file_part_name(path, &out->part, err));
  out->file = fopen(out->part, "wb");
  if (!out->file) return fail_write(out, err);
  make_head(shape, head);
  HR_TRY(hr_gathered_put(out, head, sizeof head, err));
cleanup:
  return status;
}

void hr_gathered_fini(hr_gathered *g) {
  if (g->file) fclose(g->file);
  if (g->part) unlink(g->part);
  hr_free(g->path);
  hr_free(g->part);
  *g = (hr_gathered){.file = NULL};
}

hr_status hr_gathered_put_sums(hr_gathered *g, hr_scatter *sums, hr_error *err) {
  hr_status status = HR_OK;
  hr_scatter_array arrays[HR_SCATTER_ARRAYS];
  uint64_t rows = hr_scatter_rows(sums);
  HR_TRY(hr_gathered_put(g, &rows, sizeof rows, err));
  if (rows == 0) return HR_OK;
  hr_scatter_arrays(sums, arrays);
  for (size_t i = 0; i < HR_SCATTER_ARRAYS; i++) {
    size_t size = arrays[i].count * sizeof *arrays[i].values;
    HR_TRY(hr_gathered_put(g, arrays[i].values, size, err));
  }
cleanup:
  return status;
}

hr_status hr_gathered_commit(hr_gathered *g, hr_error *err) {
  hr_status status = HR_OK;
  uint64_t print = g->print;
  HR_TRY(hr_gathered_put(g, &print, sizeof print, err));
  int failed = fclose(g->file);
  g->file = NULL;
  if (failed) return fail_write(g, err);
  HR_TRY(hr_file_commit(g->part, g->path, err));
  hr_free(g->part);
  g->part = NULL;
cleanup:
  return status;
}

static hr_status fail_damaged(const hr_gathered *g, hr_error *err) {
  return hr_fail(err, HR_ERR_DATA,
                 "%s is damaged: it is not what a part of this study left there; remove "
                 "it, and run again what it was gathered by",
                 g->path);
}

hr_status hr_gathered_get(hr_gathered *g, void *bytes, size_t size, hr_error *err) {
  errno = 0;
  if (fread(bytes, 1, size, g->file) != size) {
    if (!ferror(g->file)) return fail_damaged(g, err); /* it is too short */
    return hr_fail_errno(err, HR_ERR_IO, errno, "cannot read %s", g->path);
  }
  g->print = hr_fingerprint_bytes(g->print, bytes, size);
  return HR_OK;
}

hr_status hr_gathered_open(const char *path, const hr_gathered_shape *shape,
                           hr_gathered *out, hr_error *err) {
  hr_status status = HR_OK;
  uint64_t head[HEAD_WORDS], found[HEAD_WORDS];
  *out = (hr_gathered){.print = hr_fingerprint_start()};
  HR_TRY(hr_copy_text(path, &out->path, err));
  out->file = fopen(path, "rb");
  if (!out->file) {
    return hr_fail_errno(err, HR_ERR_IO, errno, "cannot read %s", path);
  }
  make_head(shape, head);
  HR_TRY(hr_gathered_get(out, found, sizeof found, err));
  if (memcmp(head, found, sizeof head) != 0) status = fail_damaged(out, err);
cleanup:
  return status;
}

hr_status hr_gathered_get_sums(hr_gathered *g, hr_scatter *sums, hr_error *err) {
  hr_status status = HR_OK;
  hr_scatter_array arrays[HR_SCATTER_ARRAYS];
  uint64_t rows = 0;
  HR_TRY(hr_gathered_get(g, &rows, sizeof rows, err));
  if (rows == 0) return HR_OK;
  hr_scatter_arrays(sums, arrays);
  for (size_t i = 0; i < HR_SCATTER_ARRAYS; i++) {
    size_t size = arrays[i].count * sizeof *arrays[i].values;
    HR_TRY(hr_gathered_get(g, arrays[i].values, size, err));
  }
  hr_scatter_set_rows(sums, rows);
cleanup:
  return status;
}

hr_status hr_gathered_end(hr_gathered *g, hr_error *err) {
  hr_status status = HR_OK;
  uint64_t print = g->print, found = 0;
  HR_TRY(hr_gathered_get(g, &found, sizeof found, err));
  if (found != print || fgetc(g->file) != EOF) status = fail_damaged(g, err);
cleanup:
  return status;
}

/* The bytes between the head and the last word; 0 where there is no room for them. */
static uint64_t find_body(const hr_gathered *g) {
  const long around = (HEAD_WORDS + 1) * (long)sizeof(uint64_t);
  bool is_found = fseek(g->file, 0, SEEK_END) == 0;
  long size = is_found ? ftell(g->file) : 0;
  is_found = fseek(g->file, HEAD_WORDS * (long)sizeof(uint64_t), SEEK_SET) == 0;
  return is_found && size > around ? (uint64_t)(size - around) : 0;
}

hr_status hr_gathered_check(const char *path, const hr_gathered_shape *shape,
                            hr_error *err) {
  hr_status status = HR_OK;
  hr_gathered g = {.file = NULL};
  char *bytes = NULL;
  HR_TRY(hr_gathered_open(path, shape, &g, err));
  HR_TRY(hr_alloc(&bytes, CHECKED_AT_A_TIME, err));
  for (uint64_t left = find_body(&g); left > 0;) {
    size_t size = left < CHECKED_AT_A_TIME ? (size_t)left : CHECKED_AT_A_TIME;
    HR_TRY(hr_gathered_get(&g, bytes, size, err));
    left -= size;
  }
  HR_TRY(hr_gathered_end(&g, err));
cleanup:
  hr_free(bytes);
  hr_gathered_fini(&g);
  return status;
}
