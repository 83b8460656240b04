/* The folders of ranks are those of owners (session/owner.h), and hold nothing else. */
#include "session/rank_folders.h"

#include <dirent.h>
#include <stdio.h>

#include "core/alloc.h"
#include "core/file.h"
#include "session/owner.h"

static const char folder_name[] = "ranks";

static hr_status dir_of(const char *run_dir, size_t rank, size_t of, char **out,
                        hr_error *err) {
  char name[64];
  snprintf(name, sizeof name, "%s/%zu-of-%zu", folder_name, rank, of);
  return hr_join_path(run_dir, name, out, err);
}

hr_status hr_rank_take(const char *run_dir, size_t rank, size_t of, hr_rank_hold *out,
                       hr_error *err) {
  hr_status status = HR_OK;
  hr_owner former;
  *out = (hr_rank_hold){.lock = -1};
  HR_TRY(dir_of(run_dir, rank, of, &out->dir, err));
  HR_TRY(hr_make_folders(out->dir, err));
  HR_TRY(hr_owner_take(out->dir, &out->lock, &former, err));
cleanup:
  return status;
}

void hr_rank_release(hr_rank_hold *hold) {
  if (hold->dir) hr_owner_release(hold->dir, &hold->lock);
  hr_free(hold->dir);
  *hold = (hr_rank_hold){.lock = -1};
}

bool hr_rank_is_held(const char *run_dir, size_t rank, size_t of) {
  char *dir = NULL;
  hr_owner owner;
  bool is_held =
      dir_of(run_dir, rank, of, &dir, NULL) == HR_OK && hr_owner_find(dir, &owner);
  hr_free(dir);
  return is_held;
}

hr_status hr_ranks_check_free(const char *run_dir, hr_error *err) {
  hr_status status = HR_OK;
  char *folder = NULL, *dir = NULL;
  DIR *directory = NULL;
  HR_TRY(hr_join_path(run_dir, folder_name, &folder, err));
  directory = opendir(folder);
  if (!directory) goto cleanup;
  for (struct dirent *entry = readdir(directory); entry; entry = readdir(directory)) {
    if (entry->d_name[0] == '.') continue;
    HR_TRY(hr_join_path(folder, entry->d_name, &dir, err));
    HR_TRY(hr_owner_check_free(dir, err));
    hr_free(dir);
    dir = NULL;
  }
cleanup:
  if (directory) closedir(directory);
  hr_free(folder);
  hr_free(dir);
  return status;
}

hr_status hr_ranks_clear(const char *run_dir, hr_error *err) {
  hr_status status = HR_OK;
  char *folder = NULL;
  HR_TRY(hr_join_path(run_dir, folder_name, &folder, err));
  HR_TRY(hr_remove_all(folder, err));
cleanup:
  hr_free(folder);
  return status;
}
