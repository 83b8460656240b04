/* Elements are counted from 0, as Slurm's are in `--array=0-6`. */
#include "cli/array_option.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/text.h"

enum { MOST = 100000 };

/* A count in an environment variable, -1: there is none. */
static int64_t variable(const char *name) {
  const char *text = getenv(name);
  int64_t value = -1;
  return text && hr_parse_integer(text, &value) && value >= 0 ? value : -1;
}

static hr_status read_slurm(size_t *element, size_t *count, hr_error *err) {
  int64_t own = variable("SLURM_ARRAY_TASK_ID"), of = variable("SLURM_ARRAY_TASK_COUNT");
  int64_t first = variable("SLURM_ARRAY_TASK_MIN"),
          last = variable("SLURM_ARRAY_TASK_MAX");
  if (own < 0 || of < 0) {
    return hr_fail(
        err, HR_ERR_USAGE,
        "--array auto is for jobs of a Slurm job array, and SLURM_ARRAY_TASK_ID "
        "or SLURM_ARRAY_TASK_COUNT is not set; give --array I/N");
  }
  bool is_whole = first == 0 && last == of - 1 && own < of && of <= MOST;
  if (!is_whole) {
    return hr_fail(
        err, HR_ERR_USAGE,
        "--array auto takes job arrays 0-(N-1), and this one has %lld jobs from "
        "%lld to %lld; give --array I/N with the N of the whole array",
        (long long)of, (long long)first, (long long)last);
  }
  *element = (size_t)own;
  *count = (size_t)of;
  return HR_OK;
}

hr_status hr_array_option_read(const char *text, size_t *element, size_t *count,
                               hr_error *err) {
  char head[24] = "";
  int64_t own = 0, of = 0;
  if (strcmp(text, "auto") == 0) return read_slurm(element, count, err);
  const char *slash = strchr(text, '/');
  size_t length = slash ? (size_t)(slash - text) : sizeof head;
  if (length < sizeof head) memcpy(head, text, length);
  bool is_read = length < sizeof head && hr_parse_integer(head, &own) &&
                 hr_parse_integer(slash + 1, &of) && of >= 1 && of <= MOST && own >= 0 &&
                 own < of;
  if (!is_read) {
    return hr_fail(
        err, HR_ERR_USAGE,
        "--array %s is not I/N, element I from 0 to N-1 of at most %d, such as "
        "2/7, or auto",
        text, MOST);
  }
  *element = (size_t)own;
  *count = (size_t)of;
  return HR_OK;
}
