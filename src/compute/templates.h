/* The posterior mean of labels over template spectra.
 *
 * A spectrum x with independent Gaussian noise of known σ, and templates f_i with labels
 * y_i that stand for the prior by their distribution:
 *
 *   log w_i = Σⱼ (xⱼ fᵢⱼ − fᵢⱼ²/2)/σⱼ²  (+ what all templates share),
 *   ŷ = Σ wᵢ yᵢ / Σ wᵢ,  variance = Σ wᵢ (yᵢ − ŷ)² / Σ wᵢ,  effective = (Σ wᵢ)² / Σ wᵢ²:
 *
 * the estimator of least mean squared error under that prior (Bayes' rule; e.g. Kay 1993,
 * "Estimation Theory", ch. 11).
 *
 * Templates are cut into tiles of like spectra of one group, and a tile and the spectra
 * compared with it are centred at the tile's mean c, which takes most of both terms away:
 * with f = c + g, log w = Σ c (x − c/2)/σ² + Σ (x − c) g/σ² − Σ (g²/2)/σ². The first term
 * is computed in fp64. The others are two matrix products, rows times templates, and one
 * more of each where the amplitude is integrated out, either
 *
 * - over all pixels (`HR_WEIGH_PIXELS`, the plain way): fp32 products of 256 pixels,
 *   added up in fp64; the templates that matter to a spectrum, where they are few, are
 *   weighed again in fp64; or
 * - over the tile's leading components (`HR_WEIGH_COMPONENTS`): within a tile g and g²/2
 *   are few smooth patterns, so that both products shrink from P pixels to some tens of
 *   coefficients. What is left out is measured for every spectrum: templates drawn by
 *   their weight are weighed over all pixels, the answer is corrected by what they show,
 *   and where four standard errors of that correction are more than 5·10⁻⁴ of the labels'
 *   spread, the spectrum is compared over all pixels instead.
 *
 * Where few templates share the weight, as they do where the noise is small against their
 * distances, a mean over them is coarse; with `least_effective` the answer comes from a
 * linear model of the nearest templates instead (compute/templates_local.c).
 *
 * The weights know nothing of the label: templates with labels of T targets answer for
 * all of them by one comparison. The answers for target 0 are, bit for bit, those of
 * templates that have it alone. */
#ifndef HR_COMPUTE_TEMPLATES_H
#define HR_COMPUTE_TEMPLATES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "compute/compute.h"
#include "core/error.h"

typedef struct hr_templates hr_templates;

enum {
  HR_QUERY_ROWS = 128,     /* the most spectra compared at a time; part of the result's
                              definition, as BLAS rounds by the shape of a product */
  HR_NO_FOLD = 255,        /* as the fold of a query: all templates count */
  HR_NO_GROUP = INT32_MAX, /* as the group of a query: none is its own */
  HR_LEAST_EFFECTIVE_MOST = 100,
  HR_MOST_TEMPLATE_TARGETS = 64, /* a set of targets is a word of bits */
  HR_DRAWS = 256,                /* from a posterior, of a spectrum and a target */
};

typedef enum hr_weigh { HR_WEIGH_COMPONENTS, HR_WEIGH_PIXELS } hr_weigh;

/* What is known of the amplitude A of a spectrum, x = A f + noise. */
typedef enum hr_amplitude {
  HR_AMPLITUDE_NONE,     /* A = 1 */
  HR_AMPLITUDE_FLAT,     /* nothing: any A is as likely */
  HR_AMPLITUDE_GAUSSIAN, /* about 1, with a standard deviation */
} hr_amplitude;

typedef struct hr_templates_options {
  hr_weigh weigh;
  hr_amplitude amplitude;
  double amplitude_sigma; /* > 0, of HR_AMPLITUDE_GAUSSIAN */
  /* Where fewer templates share the weight: a local linear model of so many; 0: never. At
   * most HR_LEAST_EFFECTIVE_MOST. */
  double least_effective;
  size_t targets; /* T, labels of every template; 0 is taken for 1 */
} hr_templates_options;

/* By components, the amplitude 1 and no local model. */
hr_templates_options hr_templates_options_default(void);

/* The log weight of a template, up to what all templates share, from that at amplitude 1,
 * l = Σ (x f − f²/2)/σ², and q = Σ f²/σ²; the amplitude integrated out. With s = l + q/2
 * and k = 1/amplitude_sigma²: s²/2q − log(q)/2 flat; ((s + k)²/(q + k) − k − log(1 +
 * q/k))/2 Gaussian. */
double hr_amplitude_weight(const hr_templates_options *options, double l, double q);

/* Room for `count` templates of P pixels; the options are copied, `compute` is borrowed.
 * HR_ERR_USAGE for more than HR_MOST_TEMPLATE_TARGETS targets; HR_ERR_MEMORY. */
hr_status hr_templates_create(size_t count, size_t pixels,
                              const hr_templates_options *options,
                              const hr_compute *compute, hr_templates **out,
                              hr_error *err) HR_MUST_CHECK;
void hr_templates_destroy(hr_templates **templates);

/* Bytes for `count` templates in at most `groups` groups, and for comparing. */
double hr_templates_bytes(size_t count, size_t pixels, size_t groups,
                          const hr_templates_options *options);

/* Floating point operations for one spectrum and all `count` templates, about. */
double hr_templates_operations(size_t count, size_t pixels, size_t groups,
                               const hr_templates_options *options);

/* What is known of a template beside its spectrum. */
typedef struct hr_template_label {
  double y;      /* of target 0 */
  int32_t group; /* e.g. the bin; templates stand in order of their groups */
  uint8_t fold;
} hr_template_label;

/* Sets template number `slot`; x [P] is copied. Each slot once, in any order. */
void hr_templates_put(hr_templates *templates, size_t slot, const float *x,
                      const hr_template_label *label);

/* Sets the label of template number `slot` for a further target, 1 .. T-1. */
void hr_templates_put_target(hr_templates *templates, size_t slot, size_t target,
                             double y);

/* Cuts the templates into tiles and centres them, and finds the tiles' components; after
 * the last put. typical: [P] a typical 1/σ² of the spectra to come, by which like is told
 * from unlike; where it is not above 0, or NULL, the mean of the others, or 1. It decides
 * what is left out, not what is right.
 * Cost: about 300 count P operations, and 4 count P with HR_WEIGH_PIXELS. */
hr_status hr_templates_finish(hr_templates *templates, const double *typical,
                              hr_error *err) HR_MUST_CHECK;

/* What comparing takes beside the templates: scratch memory, for one caller at a time. */
typedef struct hr_templates_workspace hr_templates_workspace;
hr_status hr_templates_workspace_create(const hr_templates *templates,
                                        hr_templates_workspace **out,
                                        hr_error *err) HR_MUST_CHECK;
void hr_templates_workspace_destroy(hr_templates_workspace **workspace);

typedef struct hr_posterior {
  double mean;      /* NaN where no template counts */
  double variance;  /* of the label, its unit squared */
  double effective; /* number of templates, 1 .. count; before any widening */
  double error;     /* of the mean, by components: four standard errors of what leaving
                       out may have changed; 0: weighed over all pixels */
  double chi2; /* Σ (x − A f)²/σ² of the heaviest template, A its likeliest amplitude,
                  over the number of pixels that count; NaN where there is none */
  double variance_scale; /* by what the variance is to be multiplied: 1; χ² where no
                            template fits; NaN: it says nothing, as of a spectrum with a
                            pixel that no star has, or one template alone where local
                            models were asked for */
} hr_posterior;

/* What they were made with; and the group of every template by slot, [count]. */
size_t hr_templates_count(const hr_templates *templates);
size_t hr_templates_pixels(const hr_templates *templates);
size_t hr_templates_targets(const hr_templates *templates); /* T */
const hr_templates_options *hr_templates_options_of(const hr_templates *templates);
void hr_templates_list_groups(const hr_templates *templates, int32_t *group);

/* Draws from posteriors that are wanted beside their means and variances, of which they
 * have, but for chance, both: from the templates by their weight, smoothed
 * (compute/templates_draws.c). They are a function of the posterior and of `key` alone.
 * Borrowed. */
typedef struct hr_query_draws {
  const bool *wanted;  /* [rows] of which rows */
  const uint64_t *key; /* [rows] a row's number, by which its random numbers go */
  float *own;          /* [rows][G][T][HR_DRAWS] of the posteriors over own groups, and */
  float *all;          /* [rows][T][HR_DRAWS] of those over all; NULL: not wanted. NaN
                          where no template counts; other rows stay as they are */
} hr_query_draws;

/* Spectra to compare, at most HR_QUERY_ROWS; borrowed. */
typedef struct hr_query {
  size_t rows;
  const float *x;       /* [rows][P] */
  const float *error;   /* [rows][P] one sigma before `level`; pixels with a value that is
                           not above 0, or not finite, drop out */
  double level;         /* > 0, times the error is the sigma */
  const int32_t *group; /* [rows][G] groups that are a row's own, or HR_NO_GROUP */
  size_t own_groups;    /* G, 0 is taken for 1 */
  const uint8_t *fold;  /* [rows] templates of this fold do not count, or HR_NO_FOLD */
  bool own_only;        /* `all` is not wanted: other groups are not looked at */
  const hr_query_draws *draws; /* NULL: none are wanted */
  /* [rows][groups] of `all`: the weight of every group 0 .. groups-1 among them, the
   * probability that the spectrum is of one of its templates; NaN where no template
   * counts. NULL: not wanted. By components no more exact than the means are. */
  double *shares;
  size_t groups;
  bool is_rough;    /* no local model answers where few templates share the weight, which
                       takes the most of the time: means and variances are coarse there */
  bool shares_only; /* of `all` nothing else is wanted, which is not to be read. They may
                       then be more exact: no local model answers in their place */
} hr_query;

/* The posteriors over the templates of each of the row's own groups, [rows][G][T], and
 * over all of them, [rows][T]; `all` may be NULL with own_only. On all threads; the same
 * bytes for any number of them. The answers of a row depend on its place among the rows
 * of the query and on how many they are (BLAS rounds by the shape of a product), and on
 * nothing else: not on its other groups, those of other rows, or on what else is wanted.
 * Any number of callers may compare with the same templates at a time, each with a
 * workspace. Cost: 4 rows count P operations over all pixels, by components 2 % of that
 * for 100,000 templates, 10 % for 20,000. */
hr_status hr_templates_compare(const hr_templates *templates,
                               hr_templates_workspace *workspace, const hr_query *query,
                               hr_posterior *own, hr_posterior *all,
                               hr_error *err) HR_MUST_CHECK;

#endif
