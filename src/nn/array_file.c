/* Writing and reading the framed files of nn/array_file.h. Both counts are held against
 * the size of the file before memory is taken for them: a damaged file must not ask for
 * gigabytes. */
#include "nn/array_file.h"

#include <stdbool.h>
#include <string.h>

#include "core/alloc.h"
#include "core/file.h"
#include "core/fingerprint.h"

enum { KIND = 8, WORD = 8 };
static const size_t most_bytes = (size_t)1 << 34;

uint64_t hr_word_of(double value) {
  uint64_t word;
  memcpy(&word, &value, sizeof word);
  return word;
}

double hr_double_of(uint64_t word) {
  double value;
  memcpy(&value, &word, sizeof value);
  return value;
}

static size_t value_count(const hr_array_file *file) {
  size_t count = 0;
  for (size_t i = 0; i < file->part_count; i++) count += file->parts[i].count;
  return count;
}

static char *put(char *to, const void *bytes, size_t size) {
  memcpy(to, bytes, size);
  return to + size;
}

static char *put_word(char *to, uint64_t word) {
  return put(to, &word, WORD);
}

hr_status hr_array_file_write(const char *path, const hr_array_file *file,
                              hr_error *err) {
  hr_status status = HR_OK;
  char *bytes = NULL;
  size_t values = value_count(file);
  size_t size = KIND + 3 * WORD + file->word_count * WORD + values * sizeof(float);
  HR_TRY(hr_alloc(&bytes, size, err));
  char *to = put(bytes, file->kind, KIND);
  to = put_word(to, file->word_count);
  to = put(to, file->words, file->word_count * WORD);
  to = put_word(to, values);
  for (size_t i = 0; i < file->part_count; i++) {
    to = put(to, file->parts[i].values, file->parts[i].count * sizeof(float));
  }
  put_word(to, hr_fingerprint_bytes(hr_fingerprint_start(), bytes, size - WORD));
  HR_TRY(hr_file_write(path, bytes, size, err));
cleanup:
  hr_free(bytes);
  return status;
}

/* A file that was read, on the way through it. */
typedef struct opened {
  char *bytes;
  size_t size;
  uint64_t words, values;
} opened;

static uint64_t word_at(const opened *o, size_t offset) {
  uint64_t word;
  memcpy(&word, o->bytes + offset, WORD);
  return word;
}

/* Its two counts, where they fit its size; written so that no sum overflows. */
static bool find_counts(opened *o) {
  size_t rest = o->size;
  if (rest < KIND + 3 * WORD) return false;
  rest -= KIND + 3 * WORD;
  o->words = word_at(o, KIND);
  if (o->words > rest / WORD) return false;
  rest -= (size_t)o->words * WORD;
  o->values = word_at(o, KIND + WORD + (size_t)o->words * WORD);
  return rest % sizeof(float) == 0 && o->values == rest / sizeof(float);
}

static hr_status open_file(const char *path, const hr_array_file *file, opened *o,
                           hr_error *err) {
  hr_status status = HR_OK;
  HR_TRY(hr_file_read(path, most_bytes, &o->bytes, &o->size, err));
  if (o->size < KIND || memcmp(o->bytes, file->kind, KIND) != 0) {
    status = hr_fail(err, HR_ERR_FORMAT, "%s is not a file of the kind '%.8s'", path,
                     file->kind);
    goto cleanup;
  }
  if (!find_counts(o) ||
      word_at(o, o->size - WORD) !=
          hr_fingerprint_bytes(hr_fingerprint_start(), o->bytes, o->size - WORD)) {
    status = hr_fail(err, HR_ERR_FORMAT,
                     "%s is damaged: its bytes are not those that were written; make it "
                     "again",
                     path);
    goto cleanup;
  }
cleanup:
  return status;
}

hr_status hr_array_file_read_words(const char *path, const hr_array_file *file,
                                   hr_error *err) {
  hr_status status = HR_OK;
  opened o = {.bytes = NULL};
  HR_TRY(open_file(path, file, &o, err));
  if (o.words < file->word_count) {
    status = hr_fail(err, HR_ERR_FORMAT, "%s has %llu words, not %zu", path,
                     (unsigned long long)o.words, file->word_count);
    goto cleanup;
  }
  memcpy(file->words, o.bytes + KIND + WORD, file->word_count * WORD);
cleanup:
  hr_free(o.bytes);
  return status;
}

hr_status hr_array_file_read(const char *path, const hr_array_file *file, hr_error *err) {
  hr_status status = HR_OK;
  opened o = {.bytes = NULL};
  HR_TRY(open_file(path, file, &o, err));
  if (o.words != file->word_count || o.values != value_count(file)) {
    status = hr_fail(err, HR_ERR_FORMAT,
                     "%s has %llu words and %llu values, not %zu and %zu: it is of "
                     "another network",
                     path, (unsigned long long)o.words, (unsigned long long)o.values,
                     file->word_count, value_count(file));
    goto cleanup;
  }
  const char *from = o.bytes + KIND + WORD;
  memcpy(file->words, from, file->word_count * WORD);
  from += file->word_count * WORD + WORD;
  for (size_t i = 0; i < file->part_count; i++) {
    size_t size = file->parts[i].count * sizeof(float);
    memcpy(file->parts[i].values, from, size);
    from += size;
  }
cleanup:
  hr_free(o.bytes);
  return status;
}
