/* Rows kept for training, in memory or in a file without a name. The kernel gives a file
 * without a name back with the process, so that nothing is left of a killed run. */
#include "methods/row_store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/file.h"

struct hr_row_store {
  size_t rows, count, filled;
  float *memory;  /* [rows][count], or NULL */
  int descriptor; /* of the file, or -1 */
};

void hr_row_store_destroy(hr_row_store **store) {
  if (!*store) return;
  if ((*store)->descriptor >= 0) close((*store)->descriptor);
  hr_free((*store)->memory);
  hr_free(*store);
  *store = NULL;
}

/* A file in `folder` whose name is given up at once. */
static hr_status open_file(const char *folder, int *descriptor, hr_error *err) {
  hr_status status = HR_OK;
  char *path = NULL;
  HR_TRY(hr_join_path(folder, "rows-XXXXXX", &path, err));
  *descriptor = mkostemp(path, O_CLOEXEC);
  if (*descriptor < 0) {
    status = hr_fail_errno(err, HR_ERR_IO, errno, "cannot create a file for rows in %s",
                           folder);
    goto cleanup;
  }
  unlink(path);
cleanup:
  hr_free(path);
  return status;
}

hr_status hr_row_store_create(size_t rows, size_t count, const char *folder,
                              hr_row_store **out, hr_error *err) {
  hr_status status = HR_OK;
  hr_row_store *store = NULL;
  HR_TRY(hr_alloc(&store, 1, err));
  store->rows = rows;
  store->count = count;
  store->descriptor = -1;
  if (folder) {
    HR_TRY(open_file(folder, &store->descriptor, err));
  } else {
    HR_TRY(hr_alloc(&store->memory, rows * count, err));
  }
  *out = store;
  store = NULL;
cleanup:
  hr_row_store_destroy(&store);
  return status;
}

static size_t row_bytes(const hr_row_store *store) {
  return store->count * sizeof(float);
}

static hr_status write_at(const hr_row_store *store, const float *values, size_t size,
                          size_t offset, hr_error *err) {
  const char *bytes = (const char *)values;
  for (size_t done = 0; done < size;) {
    ssize_t written =
        pwrite(store->descriptor, bytes + done, size - done, (off_t)(offset + done));
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) {
      return hr_fail_errno(err, HR_ERR_IO, written < 0 ? errno : ENOSPC,
                           "cannot keep the rows of a bin in the run directory");
    }
    done += (size_t)written;
  }
  return HR_OK;
}

hr_status hr_row_store_append(hr_row_store *store, const float *const *pieces,
                              size_t piece_count, hr_error *err) {
  hr_status status = HR_OK;
  size_t length = store->count / piece_count;
  if (store->filled == store->rows) {
    return hr_fail(err, HR_ERR_INTERNAL, "a row more than the %zu that were announced",
                   store->rows);
  }
  for (size_t i = 0; i < piece_count; i++) {
    size_t at = store->filled * store->count + i * length;
    if (store->memory) {
      memcpy(store->memory + at, pieces[i], length * sizeof **pieces);
    } else {
      HR_TRY(write_at(store, pieces[i], length * sizeof **pieces, at * sizeof **pieces,
                      err));
    }
  }
  store->filled++;
cleanup:
  return status;
}

size_t hr_row_store_rows(const hr_row_store *store) {
  return store->filled;
}

const float *hr_row_store_get(const hr_row_store *store, uint32_t row, float *scratch) {
  if (store->memory) return store->memory + row * store->count;
  size_t size = row_bytes(store), offset = row * size;
  for (size_t done = 0; done < size;) {
    ssize_t got = pread(store->descriptor, (char *)scratch + done, size - done,
                        (off_t)(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return NULL;
    done += (size_t)got;
  }
  return scratch;
}

void hr_row_store_expect(const hr_row_store *store, const uint32_t *rows, size_t count) {
  size_t size = row_bytes(store);
  for (size_t i = 0; i < count && store->descriptor >= 0; i++) {
    posix_fadvise(store->descriptor, (off_t)(rows[i] * size), (off_t)size,
                  POSIX_FADV_WILLNEED);
  }
}
