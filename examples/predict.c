/* Predicting spectra in memory with the model that a study left.
 *
 *   cc predict.c $(pkg-config --cflags --libs headroom) -o predict
 *   ./predict runs/MY-STUDY
 *
 * The spectra here are flat; take yours from wherever they are, on the model's grid. */
#include <stdio.h>
#include <stdlib.h>

#include "headroom/model.h"

enum { ROWS = 3 };

static hr_status predict(const hr_predictor *predictor, hr_error *err) {
  uint32_t flags[ROWS];
  hr_model_info info = {.size = sizeof info};
  hr_status status = hr_model_info_get(predictor, &info, err);
  if (status != HR_OK) return status;
  float *flux = calloc(2 * ROWS * info.pixels, sizeof *flux);
  double *mean = calloc(ROWS * info.targets, sizeof *mean);
  if (!flux || !mean) return HR_ERR_MEMORY;
  float *error = flux + ROWS * info.pixels;
  for (size_t i = 0; i < ROWS * info.pixels; i++) flux[i] = 0.5F, error[i] = 0.05F;

  hr_model_input input = hr_model_input_default();
  hr_model_output output = hr_model_output_default();
  input.rows = ROWS;
  input.flux = flux;
  input.error = error;
  output.mean = mean;
  output.flags = flags;
  status = hr_model_predict(predictor, &input, &output, err);
  for (size_t i = 0; status == HR_OK && i < ROWS; i++) {
    printf("%s %.3f %s, flags %u\n", info.target_names[0], mean[i * info.targets],
           info.target_units[0], (unsigned)flags[i]);
  }
  free(mean);
  free(flux);
  return status;
}

int main(int argc, char **argv) {
  hr_error err = {0};
  hr_predictor *predictor = NULL;
  hr_status status = hr_model_open(argc > 1 ? argv[1] : ".", NULL, &predictor, &err);
  if (status == HR_OK) status = predict(predictor, &err);
  if (status != HR_OK) fprintf(stderr, "%s\n", err.message);
  hr_model_close(&predictor);
  return hr_status_exit_code(status);
}
