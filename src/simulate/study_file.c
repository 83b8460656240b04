/* The study.yaml beside simulated data, from one text with the number of shards put in.
 */
#include "simulate/study_file.h"

#include <string.h>

#include "core/alloc.h"
#include "core/file.h"
#include "core/text.h"

#define FIRST_LINE \
  "# Written by `headroom simulate`; run it with `headroom run` and this file's name.\n"

/* Bins, names and focus are those of the users' experiment (its nine bins are T_eff times
 * [M/H]; 3 and 6, the hotter metal-poor ones, are its bottleneck). Its alphas, 1, 10 ..
 * 1e6, are what `auto` begins with; in fewer spectra the best lies outside at times. */
static const char study_text[] = FIRST_LINE
    "experiment: {id: SIMULATED, language: en}\n"
    "data:\n"
    "  train: [\"%s\"]\n"
    "  test: test/dataset.h5\n"
    "  target: log_g\n"
    "  noise: {level: 1.0, seed: 42, test: stored}\n"
    "binning:\n"
    "  T_eff: [3750, 4500, 5250, 6000]\n"
    "  M_H: [-2.0, -1.0, 0.0, 0.5]\n"
    "  names:\n"
    "    0: Cool Poor\n"
    "    1: Cool Solar\n"
    "    2: Cool Rich\n"
    "    3: Mid Poor\n"
    "    4: Mid Solar\n"
    "    5: Mid Rich\n"
    "    6: Hot Poor\n"
    "    7: Hot Solar\n"
    "    8: Hot Rich\n"
    "  focus: [3, 6]\n"
    "experts:\n"
    "  ridge: {}\n"
    "  ridge_marginal: {}\n"
    "  posterior: {}\n"
    "  # LightGBM's default is max_bin 255; 63 takes less than half of the time.\n"
    "  lightgbm: {max_bin: 63, global: true}\n"
    "  # The experiment has batch_size 256 and 50 epochs, for fifty times the spectra.\n"
    "  # An epoch of the network of all rows takes as long as five of both bins'.\n"
    "  cnn: {batch_size: 64, epochs: 30, global: true, global_epochs: 5}\n"
    "# What routes without the truth: nothing else in the study says what is "
    "deployable.\n"
    "gates: {bayes: {}, logistic: {}}\n"
    "run: {memory_mib: 6144}\n";

bool hr_study_file_wrote(const char *path) {
  char *text = NULL;
  size_t size = 0;
  if (hr_file_read(path, 1 << 20, &text, &size, NULL) != HR_OK) return false;
  bool is_ours = strncmp(text, FIRST_LINE, strlen(FIRST_LINE)) == 0;
  hr_free(text);
  return is_ours;
}

hr_status hr_study_file_write(const char *path, uint64_t shards, hr_error *err) {
  hr_status status = HR_OK;
  hr_text train, study;
  hr_text_init(&train);
  hr_text_init(&study);
  if (shards == 1) {
    hr_text_append(&train, "train_0/dataset.h5");
  } else {
    hr_text_append(&train, "train_{0..%llu}/dataset.h5", (unsigned long long)shards - 1);
  }
  HR_TRY(hr_text_status(&train, err));
  hr_text_append(&study, study_text, train.bytes);
  HR_TRY(hr_text_status(&study, err));
  HR_TRY(hr_file_write(path, study.bytes, study.length, err));
cleanup:
  hr_text_fini(&train);
  hr_text_fini(&study);
  return status;
}
