/* The ladder of results.json, read: what of the gain comes from what (score/ladder.h). */
#ifndef HR_REPORT_LADDER_H
#define HR_REPORT_LADDER_H

#include "report/methods.h"
#include "score/ladder.h"

/* Texts are borrowed from the reader. */
typedef struct hr_ladder_rung {
  hr_rung rung;       /* HR_RUNGS: beside the ladder */
  const char *beside; /* what it is there: "elsewhere", or "whole", one of our own */
  const char *method; /* its name; of the ceiling "posterior" or "fisher" */
  hr_estimate r2;
} hr_ladder_rung;

typedef struct hr_ladder_step {
  const char *name; /* "better_model" .. */
  hr_rung from, to;
  hr_estimate delta; /* of R² */
} hr_ladder_step;

/* From each rung to the next, and the mixture as a whole. */
enum { HR_LADDER_STEPS = HR_RUNGS };

/* The ladder over some rows, from the lowest rung up. */
typedef struct hr_ladder_rows {
  double rows;
  hr_ladder_rung rungs[HR_RUNGS];
  size_t rung_count;
  hr_ladder_step steps[HR_LADDER_STEPS];
  size_t step_count;
} hr_ladder_rows;

/* The most of models that are shown beside the rungs. */
enum { HR_LADDER_ELSEWHERE = 8 };

/* Models of all rows that stand on no rung, of experts that have no others, on covered
 * rows; in the order of the study. How many there are. */
size_t hr_ladder_list_elsewhere(hr_reader *reader, const hr_ladder_rows *ladder,
                                hr_ladder_rung out[HR_LADDER_ELSEWHERE]);

/* False for results of earlier versions, which have none. */
bool hr_ladder_is_known(hr_reader *reader);

/* Over all covered rows; over item `index` of the list "bins" or "octiles". Of a ladder
 * that is known. */
hr_ladder_rows hr_ladder_read(hr_reader *reader);
hr_ladder_rows hr_ladder_read_item(hr_reader *reader, const char *list, size_t index);
size_t hr_ladder_count(hr_reader *reader, const char *list);

/* Over all test rows, what needs no truth: the rungs up to the deployed hybrid. False,
 * and *out empty, where there is no such hybrid or not every row has a prediction. */
bool hr_ladder_read_all(hr_reader *reader, hr_ladder_rows *out);

/* NULL where there is none. */
const hr_ladder_rung *hr_ladder_on(const hr_ladder_rows *ladder, hr_rung rung);
const hr_ladder_step *hr_ladder_between(const hr_ladder_rows *ladder, hr_rung from,
                                        hr_rung to);

/* The single model that the mixture is held against: the best one, else the baseline's;
 * NULL: there is none. */
const hr_ladder_rung *hr_ladder_single(const hr_ladder_rows *ladder);

/* The whole step of the mixture with perfect routing, from there; NULL: there is none. */
const hr_ladder_step *hr_ladder_mixture(const hr_ladder_rows *ladder);

/* Whether validation found no single model better than the baseline's own. */
bool hr_ladder_is_baseline_best(const hr_ladder_rows *ladder);

/* Whether the study has no second model of all rows. */
bool hr_ladder_has_one_single(hr_reader *reader);

/* What makes a step, a key of hr_words_step: its name, or that no model is better. */
const char *hr_ladder_step_key(hr_reader *reader, const hr_ladder_rows *ladder,
                               const hr_ladder_step *step);

/* What stands on a rung, as tables and figures call it. */
void hr_ladder_append_title(hr_reader *reader, const hr_ladder_rung *rung, hr_text *out);

/* "LightGBM, 1D-CNN": what the hybrid takes somewhere and has no model of all rows; how
 * many there are. */
size_t hr_ladder_append_without_global(hr_reader *reader, hr_text *out);

/* The same of models from elsewhere that it takes. */
size_t hr_ladder_append_elsewhere(hr_reader *reader, hr_text *out);

#endif
