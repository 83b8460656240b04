/* The list of files with bad pixels, and what is said of it. */
#include "data/bad_files.h"

#include "core/alloc.h"

enum { NAMED_FILES = 6 };

hr_status hr_bad_files_add(hr_bad_files *files, const char *path, uint64_t bad,
                           uint64_t pixels, hr_error *err) {
  hr_status status = HR_OK;
  HR_TRY(hr_realloc(&files->items, files->count, files->count + 1, err));
  hr_bad_file *file = &files->items[files->count];
  *file = (hr_bad_file){.bad = bad, .pixels = pixels};
  HR_TRY(hr_copy_text(path, &file->path, err));
  files->count++;
cleanup:
  return status;
}

void hr_bad_files_fini(hr_bad_files *files) {
  for (size_t i = 0; i < files->count; i++) hr_free(files->items[i].path);
  hr_free(files->items);
  *files = (hr_bad_files){0};
}

static double share_of(const hr_bad_file *file) {
  return file->pixels > 0 ? (double)file->bad / (double)file->pixels : 0;
}

double hr_bad_files_worst(const hr_bad_files *files) {
  double worst = 0;
  for (size_t i = 0; i < files->count; i++) {
    if (share_of(&files->items[i]) > worst) worst = share_of(&files->items[i]);
  }
  return worst;
}

/* How many files have a larger share, or the same and come before. */
static size_t place_of(const hr_bad_files *files, size_t i) {
  size_t before = 0;
  double own = share_of(&files->items[i]);
  for (size_t j = 0; j < files->count; j++) {
    double other = share_of(&files->items[j]);
    before += other > own || (j < i && !(other < own));
  }
  return before;
}

void hr_bad_files_describe(const hr_bad_files *files, bool chinese, hr_text *out) {
  size_t named = 0;
  for (size_t i = 0; i < files->count; i++) {
    const hr_bad_file *file = &files->items[i];
    if (place_of(files, i) >= NAMED_FILES) continue;
    if (named > 0) hr_text_append(out, "%s", chinese ? "、" : ", ");
    hr_text_append(out, chinese ? "%s %llu 个（共 %llu 个）" : "%s %llu of %llu",
                   file->path, (unsigned long long)file->bad,
                   (unsigned long long)file->pixels);
    if (named++ == 0 && !chinese) hr_text_append(out, " pixels");
  }
  if (files->count <= named) return;
  hr_text_append(out, chinese ? "，以及另外 %zu 个文件" : ", and %zu more files",
                 files->count - named);
}
