/* The gates of results.json, read: how well each tells the bins, and what is left of the
 * gain with it (docs/formats.md, "Gates"). */
#ifndef HR_REPORT_GATES_H
#define HR_REPORT_GATES_H

#include "report/methods.h"
#include "score/metrics.h"

enum { HR_GATES_MOST = 8, HR_GATE_FORECASTS_MOST = 12 };

/* Texts are borrowed from the reader. */
typedef struct hr_gate_told {
  const char *name, *title;
  const char *mixing; /* its own: "soft", "hard" or "fallback" */
  bool uses_error;    /* it is told the error of every pixel */
  double temperature, rows, log_loss, ece;
  hr_estimate accuracy;
  struct {
    const char *method;
    const char *models; /* whose: "hybrid", or an expert */
    const char *mixing;
    hr_estimate r2, rho;
  } forecasts[HR_GATE_FORECASTS_MOST];
  size_t forecast_count;
  size_t own; /* of the forecasts: the hybrid by its own mixing; forecast_count: none */
  double entropy[HR_SNR_OCTILES]; /* mean, nats */
  double octile_rows[HR_SNR_OCTILES];
  size_t octile_count; /* 0 where SNR is not known */
} hr_gate_told;

/* 0 for results of earlier versions, and for studies without gates. */
size_t hr_gates_count(hr_reader *reader);

/* Gate `index`; the first one is the one that is deployed. */
hr_gate_told hr_gates_read(hr_reader *reader, size_t index);

/* How many rows of bin `truth` have their largest weight in bin `said`, both below
 * `bins`, for gate `index`: into counts [bins][bins]. */
void hr_gates_read_confusion(hr_reader *reader, size_t index, size_t bins,
                             double *counts);

#endif
