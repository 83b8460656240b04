/* Forecasts: every way of predicting all test rows that a study compares, put together
 * from the experts' predictions as choices say. Scoring takes forecasts and asks no more
 * who made them. */
#ifndef HR_CHOICE_ASSEMBLY_H
#define HR_CHOICE_ASSEMBLY_H

#include "choice/selection.h"

#define HR_NO_METHOD SIZE_MAX

typedef enum hr_forecast_kind {
  HR_FORECAST_GLOBAL, /* an expert's one model of all rows */
  HR_FORECAST_ORACLE, /* an expert's models of bins, each row by that of its route */
  HR_FORECAST_HYBRID, /* of every bin the expert that was chosen */
  HR_FORECAST_GATED,  /* models of bins, mixed by a gate that does not know the bin */
} hr_forecast_kind;

/* "global", "oracle", "hybrid", "gated". */
const char *hr_forecast_kind_name(hr_forecast_kind kind);

/* All test rows as a gate mixes what the models of the bins say; borrowed. */
typedef struct hr_gated {
  const char *gate;   /* "logistic" */
  const char *title;  /* "logistic gate" */
  const char *mixing; /* "soft", "hard", "fallback" */
  bool is_own_mixing; /* that which the gate is used with */
  size_t method; /* the outcome whose models they are; HR_NO_METHOD: the hybrid's, chosen
                    by validation */
  const double *prediction; /* [test rows] NaN: none */
  /* [test rows] NaN: not known. NULL: of no row. */
  const double *sigma, *half68, *half95;
} hr_gated;

typedef struct hr_forecast {
  char name[64];  /* in files: "ridge_oracle" */
  char title[96]; /* in tables: "Ridge-Oracle" */
  hr_forecast_kind kind;
  size_t method;          /* index of the outcome, HR_NO_METHOD: a hybrid */
  hr_selection selection; /* what its variants and experts were chosen by */
  size_t versus;          /* the forecast it is compared with, or HR_NO_METHOD */
  bool listed;            /* appears among the overall results */
  bool falls_back;        /* the global model predicts bins where nobody has a model */
  hr_choice *choices;     /* [bin_count + 1] */
  double *prediction;     /* [rows] in the unit of the target, NaN: none */
  double *variance;       /* [rows] of the label, unit squared, NaN: not known; or NULL */
  /* How far each prediction is to be trusted, as the fit that makes it has learnt; in the
   * unit of the target, NaN: not known. NULL: of no row. */
  double *sigma, *half68, *half95; /* [rows] */
  const hr_gated *gated;           /* what it was made from; NULL of other kinds */
} hr_forecast;

/* Whether who predicts is told the bin of a row; if not, covered rows, which are chosen
 * by their labels, are a selection. */
static inline bool hr_forecast_is_told_bin(const hr_forecast *forecast) {
  return forecast->kind == HR_FORECAST_ORACLE || forecast->kind == HR_FORECAST_HYBRID;
}

typedef struct hr_forecasts {
  hr_forecast *items; /* [count] */
  size_t count;
  size_t baseline; /* the outcome that others are compared with: "ridge", or the first */
} hr_forecasts;

/* What is assembled; borrowed for the call. */
typedef struct hr_assembly {
  hr_candidates candidates;
  const hr_split_view *test; /* bins and routes below bin_count, or HR_UNCOVERED */
  bool global_uncovered;     /* rows without route go to the baseline's global model */
  const double
      *snr; /* [test rows] as measured from the spectra, NaN or NULL: not known */
  const bool *is_missing; /* [test rows] rows that are left out of all scores; or NULL */
  const hr_gated *gated;  /* [gated_count] */
  size_t gated_count;
} hr_assembly;

/* The global models of all experts, their oracles chosen by validation, those chosen on
 * the test rows, the two hybrids, and what gates made, in this order. To be followed by
 * hr_forecasts_fini, on failure too. HR_ERR_MEMORY. */
hr_status hr_forecasts_init(hr_forecasts *forecasts, const hr_assembly *assembly,
                            hr_error *err) HR_MUST_CHECK;
void hr_forecasts_fini(hr_forecasts *forecasts);

/* The index of a forecast; HR_NO_METHOD where there is none. A global model's selection
 * is HR_SELECT_BY_CV, a hybrid's method HR_NO_METHOD. */
size_t hr_forecasts_find(const hr_forecasts *forecasts, hr_forecast_kind kind,
                         size_t method, hr_selection selection);

/* Whether it takes the expert in some bin; and whether any that is from elsewhere. */
bool hr_forecast_takes(const hr_candidates *candidates, const hr_forecast *forecast,
                       size_t expert);
bool hr_forecast_takes_elsewhere(const hr_candidates *candidates,
                                 const hr_forecast *forecast);

/* The fit that a forecast's choice for a slot (the last: rows without route) predicts
 * with, where it knows how far it is to be trusted; or NULL. */
const hr_fit *hr_forecast_spread_fit(const hr_candidates *candidates,
                                     const hr_forecast *forecast, size_t slot);

/* Fills prediction[i] for all rows, and variance[i] (NULL: not wanted), in the unit of
 * the target; NaN where nobody predicts. choices: [bin_count + 1], the last for rows
 * whose route is HR_UNCOVERED. A choice of a task that is not usable counts as
 * HR_CHOICE_NONE. */
void hr_assemble(const hr_assembly *assembly, const hr_choice *choices,
                 double *prediction, double *variance);

#endif
