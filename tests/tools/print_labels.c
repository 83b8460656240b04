/* Prints the label columns of a file as CSV, numbers with 17 digits; warnings go to
 * stderr. For tests/python/test_frames.py, which compares them with what pandas reads. */
#include <stdio.h>

#include "data/frame.h"

static void print_warning(void *context, hr_log_level level, const char *line) {
  (void)context;
  (void)level;
  fprintf(stderr, "%s\n", line);
}

int main(int argc, char **argv) {
  hr_error err = {0};
  hr_frame frame = {0};
  hr_observer observer = {.log = print_warning};
  if (argc != 2) {
    fprintf(stderr, "usage: print_labels FILE\n");
    return 2;
  }
  if (hr_frame_read(argv[1], &observer, &frame, &err) != HR_OK) {
    fprintf(stderr, "%s: %s\n", hr_status_name(err.status), err.message);
    return hr_status_exit_code(err.status);
  }
  for (size_t k = 0; k < frame.names.count; k++) {
    printf("%s%s", k ? "," : "", frame.names.items[k]);
  }
  printf("\n");
  for (size_t i = 0; i < frame.rows; i++) {
    for (size_t k = 0; k < frame.names.count; k++) {
      printf("%s%.17g", k ? "," : "", frame.columns[k][i]);
    }
    printf("\n");
  }
  hr_frame_fini(&frame);
  return 0;
}
