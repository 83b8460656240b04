/* The numbers of the ladder: R² of a rung, and the step between two, over the covered
 * rows, those of a bin, or those of an octile of SNR. */
#ifndef HR_SCORE_RUNGS_H
#define HR_SCORE_RUNGS_H

#include "score/evaluation.h"

/* Borrows the evaluation. */
typedef struct hr_rungs {
  const hr_evaluation *evaluation;
  const double *prediction[HR_RUNGS]; /* [test rows]; NULL: nothing stands there */
} hr_rungs;

hr_rungs hr_rungs_of(const hr_evaluation *evaluation);
bool hr_rungs_has(const hr_rungs *rungs, hr_rung rung);

/* Some rows, and where the bootstraps have them. */
typedef struct hr_rung_rows {
  size_t count;
  const size_t *list; /* [count] row numbers */
  hr_group_range range;
  bool by_octile; /* the range is one of octiles */
} hr_rung_rows;

hr_rung_rows hr_rungs_covered(const hr_rungs *rungs);
hr_rung_rows hr_rungs_all(const hr_rungs *rungs); /* the uncovered ones too */
hr_rung_rows hr_rungs_bin(const hr_rungs *rungs, size_t bin);
hr_rung_rows hr_rungs_octile(const hr_rungs *rungs, size_t octile);

/* A number with its 95 % interval; NaN: undefined. */
typedef struct hr_score {
  double value;
  hr_interval interval;
} hr_score;

/* R² of a rung; R² of `to` less that of `from`, paired. Of rungs that are there. */
hr_score hr_rungs_r2(const hr_rungs *rungs, hr_rung rung, const hr_rung_rows *rows);
hr_score hr_rungs_step(const hr_rungs *rungs, hr_rung from, hr_rung to,
                       const hr_rung_rows *rows);

/* Whether perfect routing has models that a gate's forecast cannot have: the hybrid takes
 * one from elsewhere in some bin. */
bool hr_rungs_mixes_others(const hr_rungs *rungs, size_t gated);

/* ρ of a gate's forecast (a number of the evaluation's methods): how much of what perfect
 * routing gains over the baseline's model of all rows is left,
 *   ρ = (R²_gate − R²_baseline)/(R²_oracle − R²_baseline),
 * by the same models routed by the true bin, its interval by the same draws. NaN where
 * there is no such gain: where the interval of the denominator reaches 0.02; and where
 * the models are not the same, hr_rungs_mixes_others. */
hr_score hr_rungs_rho(const hr_rungs *rungs, size_t gated, const hr_rung_rows *rows);

#endif
