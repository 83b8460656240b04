/* Runs a fuzz target on every file of the folders that are named: a test of what was
 * found once, in builds without libFuzzer. */
#include <dirent.h>
#include <sys/stat.h>

#include "fuzz/fuzz.h"

enum { MOST_BYTES = 1 << 24 };

static void replay(const char *path) {
  struct stat info;
  if (stat(path, &info) != 0 || !S_ISREG(info.st_mode)) return;
  FILE *file = fopen(path, "rb");
  size_t size = (size_t)info.st_size;
  fuzz_require(file && size <= MOST_BYTES);
  uint8_t *bytes = malloc(size + 1); /* of this size, so that sanitizers see its end */
  fuzz_require(bytes && fread(bytes, 1, size, file) == size);
  fclose(file);
  printf("%s\n", path);
  fflush(stdout);
  LLVMFuzzerTestOneInput(bytes, size);
  free(bytes);
}

int main(int argc, char **argv) {
  size_t count = 0;
  for (int i = 1; i < argc; i++) {
    DIR *folder = opendir(argv[i]);
    fuzz_require(folder);
    for (struct dirent *entry; (entry = readdir(folder)); count++) {
      char path[4096];
      snprintf(path, sizeof path, "%s/%s", argv[i], entry->d_name);
      replay(path);
    }
    closedir(folder);
  }
  fuzz_require(count > 2); /* more than . and .. */
  rmdir(fuzz_folder());
  return 0;
}
