/* What the files behind compute/templates.h share: the layout of the templates in memory
 * and the steps of a comparison. */
#ifndef HR_COMPUTE_TEMPLATES_PARTS_H
#define HR_COMPUTE_TEMPLATES_PARTS_H

#include "compute/templates.h"

enum {
  HR_TEMPLATE_TILE = 1024, /* the most templates a tile */
  HR_TEMPLATE_DEPTH = 256, /* pixels a product: short fp32 sums, and a tile of 512 by 256
                              is half an L2 cache */
  HR_TEMPLATE_LONG = 2 * HR_TEMPLATE_DEPTH, /* both terms: [a, -b/2] times [g, g²] */
  HR_TEMPLATE_LINEAR = 128,                 /* the most components of g a tile */
  HR_TEMPLATE_SQUARE = 24,                  /* the most of g²/2 */
  HR_TEMPLATE_RANK = HR_TEMPLATE_LINEAR + HR_TEMPLATE_SQUARE,
  HR_TEMPLATE_AXES = 8, /* leading components of all templates, to tell like ones */
  HR_TEMPLATE_LOCAL = 2 * HR_LEAST_EFFECTIVE_MOST, /* the most of a local model */
  HR_TEMPLATES_MANY = 32 * HR_TEMPLATE_TILE, /* more than these are clustered: results of
                                                fewer keep their bytes */
  HR_TEMPLATE_NEGLIGIBLE = -60, /* weights below e^-60 of the largest are nothing beside
                                   it, whatever their number */
};

/* Templates `first` .. first+count-1 of the order of tiles. */
typedef struct hr_template_tile {
  size_t first, count;
  int32_t group;
  size_t linear, square; /* components */
  const float *map; /* [linear + square][of the cluster] its projections from those of
                       its cluster; NULL: a spectrum is projected on it itself */
  size_t cluster;
} hr_template_tile;

/* Tiles `first` .. first+count-1, and components that theirs are combinations of. */
typedef struct hr_template_cluster {
  size_t first, count;
  size_t linear, square;
  float *centre; /* [P] */
  float *basis;  /* [linear + square][P] left factors: of g, then of squares */
  float *maps;   /* one tile's after the other's */
} hr_template_cluster;

/* Sums over templates of weights, relative to the largest. */
typedef struct hr_template_sums {
  double largest; /* log weight; -INFINITY: no template counts */
  double sum, first_moment, second_moment, squares; /* moments of y - centre_label, of
                                                       target 0 where they are a tile's */
  bool is_open; /* of a tile: the other sums are there, and its weights; else its log
                   weights stand in the place of these */
} hr_template_sums;

/* As the group of an answer: all templates count. */
#define HR_EVERY_GROUP INT32_MIN

static inline bool hr_is_in_group(const hr_template_tile *tile, int32_t group) {
  return group == HR_EVERY_GROUP || tile->group == group;
}

/* Targets, bit t for target number t. */
typedef uint64_t hr_target_set;
static inline bool hr_has_target(hr_target_set set, size_t target) {
  return set >> target & 1;
}

/* What a local linear model of one spectrum takes; NULL without one. */
typedef struct hr_template_local {
  double *anomaly;                         /* [LOCAL][P] */
  double *gram;                            /* [LOCAL][LOCAL] */
  double *mean, *scale, *distance, *along; /* [P] */
} hr_template_local;

/* Of one thread. */
typedef struct hr_template_scratch {
  float *left;       /* [HR_QUERY_ROWS][LONG] */
  float *right;      /* [TILE][LONG] */
  float *projection; /* [HR_QUERY_ROWS][RANK] */
  float *gain;       /* [HR_QUERY_ROWS][TILE] a term less that of the tile's mean */
  float *norm;       /* [HR_QUERY_ROWS][TILE] the same for the other term */
  double *sum;       /* [HR_QUERY_ROWS][TILE] */
  hr_template_local local;
} hr_template_scratch;

struct hr_templates {
  size_t count, pixels;
  hr_templates_options options;
  const hr_compute *compute;
  float *x;                  /* [count][P] by slot; centred by hr_templates_finish */
  size_t targets;            /* T, at least 1 */
  hr_template_label *labels; /* [count] by slot, then in the order of tiles */
  double *more_labels;       /* [T-1][count] of the further targets, by slot; NULL once
                                they are in the order of tiles */
  size_t *slot;              /* [count] of the templates in the order of tiles */
  double *centre_label;      /* [T] mean of y */
  double *most_error;        /* [T] of a mean by components */
  float *label_offset;       /* [T][count] y - centre_label, in the order of tiles */
  uint8_t *fold;             /* [count] in the order of tiles */
  hr_template_tile *tiles;
  size_t tile_count;
  float *centre;       /* [tiles][P] */
  double *centre_wide; /* [2][tiles][P] the same in fp64, and its square */
  /* By components: */
  double *scale;      /* [P] root of the typical 1/σ² */
  float *basis;       /* [tiles][RANK][P] left factors: of g, then of g²/2 */
  float *coefficient; /* [count][RANK] in the order of tiles */
  /* Of many: */
  hr_template_cluster *clusters;
  size_t cluster_count, cluster_rank; /* the most components of one */
};

/* Of a comparison. */
struct hr_templates_workspace {
  double *cross;        /* [HR_QUERY_ROWS][P] x/σ² */
  double *inverse_wide; /* [HR_QUERY_ROWS][P] 1/σ², 0 where the pixel drops out */
  float *inverse;       /* [HR_QUERY_ROWS][P] the same */
  double *offset; /* [HR_QUERY_ROWS][tiles] log weight of the tile's mean, amplitude 1 */
  double *norm;   /* [HR_QUERY_ROWS][tiles] Σ c²/σ² of it */
  bool *is_wild;  /* [HR_QUERY_ROWS] rows that fp32 does not hold */
  float *projection;      /* [terms][clusters][HR_QUERY_ROWS][cluster_rank] */
  hr_template_sums *sums; /* [HR_QUERY_ROWS][tiles] */
  float *weight;          /* [HR_QUERY_ROWS][count] relative to the tile's largest; before
                             it is open, log weights less that of the tile's mean */
  float *log_weight; /* [HR_QUERY_ROWS][count] less hr_templates_reference; NULL without
                        local models */
  hr_template_scratch *scratch; /* [thread_count] */
  size_t thread_count;
};

/* What is computed of a spectrum and a template f. */
typedef enum hr_template_term {
  HR_TERM_WEIGHT, /* Σ (x f − f²/2)/σ², the log weight at amplitude 1 */
  HR_TERM_NORM,   /* Σ f²/σ² */
} hr_template_term;

/* Rows of a query that are weighed, and where the answers go. */
typedef struct hr_weighing {
  const hr_templates *templates;
  hr_templates_workspace *work;
  const hr_query *query;
  size_t rows;               /* to be weighed */
  size_t row[HR_QUERY_ROWS]; /* their numbers in the query */
  size_t rows_a_product;     /* over pixels; part of the result */
  hr_weigh weigh;
  size_t own_groups; /* G */
  hr_posterior *own; /* [query->rows][G][T] */
  hr_posterior *all; /* [query->rows][T] */
  /* Of the query's rows, for which targets they get an answer: */
  hr_target_set *wants_own; /* [query->rows][G] */
  hr_target_set wants_all[HR_QUERY_ROWS];
} hr_weighing;

/* The order of tiles: fills slot, tiles and tile_count, all NULL or 0 before. */
hr_status hr_templates_cut(hr_templates *templates, hr_error *err) HR_MUST_CHECK;

/* Components and coefficients of every tile, after the templates are centred. */
hr_status hr_templates_compress(hr_templates *templates, hr_error *err) HR_MUST_CHECK;

/* Clusters of the tiles, of which the components are there. */
hr_status hr_templates_cluster(hr_templates *templates, hr_error *err) HR_MUST_CHECK;
void hr_templates_free_clusters(hr_templates *templates);

/* The projections of a comparison's rows on a cluster, before its tiles are weighed by
 * components: [rows][cluster_rank]. */
void hr_templates_project_cluster(const hr_weighing *comparison, hr_template_term term,
                                  size_t cluster, hr_template_scratch *scratch);
float *hr_templates_cluster_projection(const hr_weighing *comparison,
                                       hr_template_term term, size_t cluster);

/* Projects the rows of a comparison on components: Σ a U_k/s, then
 * −Σ V_k/(s σ²) for the weight, 2 Σ V_k/(s σ²) for the norm. */
typedef struct hr_template_projection {
  const float *basis, *centre;
  size_t linear, square;
  float *out; /* [rows][stride] */
  size_t stride;
} hr_template_projection;
void hr_templates_project(const hr_weighing *comparison, hr_template_term term,
                          const hr_template_projection *projection,
                          hr_template_scratch *scratch);

/* How much larger a term of a tile's templates is than that of its mean: scratch->gain.
 */
void hr_templates_weigh_pixels(const hr_weighing *comparison, size_t tile,
                               hr_template_term term, hr_template_scratch *scratch);
void hr_templates_weigh_components(const hr_weighing *comparison, size_t tile,
                                   hr_template_term term, hr_template_scratch *scratch);

/* Pixels first .. first+depth-1. */
typedef struct hr_pixel_range {
  size_t first, depth;
} hr_pixel_range;

/* The factor of g over some pixels, a [depth]: (x − c)/σ² for the weight of row `row`,
 * 2c/σ² for the norm, c the mean of a tile or a cluster, [P]. */
void hr_templates_fill_left(const hr_weighing *comparison, hr_template_term term,
                            const float *mean, size_t row, hr_pixel_range pixels,
                            float *a);

/* The log weight of the tile's mean. */
double hr_templates_base(const hr_weighing *comparison, size_t tile, size_t row);

/* What is taken off the log weights of a row that are kept in fp32: that of the first
 * tile's mean where it is so large that fp32 would hold nothing else, as of flux on a
 * slope a thousand times as high as its lines; 0 elsewhere. */
double hr_templates_reference(const hr_weighing *comparison, size_t row);

/* The log weight of template number `place` of the order over all pixels, to 10⁻⁶. */
double hr_templates_weigh_exactly(const hr_weighing *comparison, size_t row, size_t tile,
                                  size_t place);

/* Keeps the log weights of a tile for row number `row` of the query, and their largest;
 * gain: [TILE] log weights less that of the tile's mean, of which those in `fold` become
 * -INFINITY. Weights and their sums are made of them where they count: most tiles are
 * nothing beside the heaviest. */
void hr_templates_keep(const hr_weighing *comparison, size_t tile, size_t row,
                       uint8_t fold, float *gain);

/* Makes weights of a tile's kept log weights, in their place, and the sums. */
void hr_templates_open(const hr_weighing *comparison, size_t tile, size_t row);

/* Whether fp32 would lose the log weights of a row, whose 1/σ² is there. */
bool hr_templates_is_wild(const hr_weighing *comparison, size_t row);

/* Of such a row: hr_templates_weigh_exactly in fp64, and hr_templates_keep of all
 * templates of a tile; log_weight: [TILE] scratch. */
double hr_templates_weigh_wild(const hr_weighing *comparison, size_t row, size_t tile,
                               size_t place);
void hr_templates_keep_wild(const hr_weighing *comparison, size_t tile, size_t row,
                            double *log_weight);

/* The sums of a tile's kept weights anew. */
void hr_templates_sum(const hr_weighing *comparison, size_t tile, size_t row);

/* The posteriors that row number `row` of the query wants, from the sums. */
void hr_templates_conclude(const hr_weighing *comparison, size_t row,
                           const hr_template_local *local);

/* How well the heaviest template of a group, or of HR_EVERY_GROUP, fits a row, from the
 * kept weights. */
typedef struct hr_template_fit {
  double chi2;  /* a counting pixel; NaN where there is none */
  double alien; /* the share of it from pixels that no star has: farther than ten sigma,
                   and than the template's largest flux, from the template */
} hr_template_fit;
hr_template_fit hr_templates_fit_of(const hr_weighing *comparison, size_t row,
                                    int32_t group);

/* By what the variance of a posterior is to be multiplied whose heaviest template fits
 * so; left: χ² a counting pixel of what a local linear model leaves over, NaN where the
 * answer is a mean of templates, of which `effective` share the weight. 1 up to a χ² of
 * 2; above it χ², as if errors had been too small by its root (e.g. Particle Data Group
 * 2022, "Introduction", 5.2.2), and NaN where alien pixels make most of χ², as they alone
 * decide then which template is the nearest, or the mean is over fewer than ten
 * templates, whose variance says nothing. */
double hr_templates_variance_scale(const hr_template_fit *fit, double effective,
                                   double left);

/* One of a row's posteriors: that over a group of its own, or over HR_EVERY_GROUP; and
 * what is asked of it. */
typedef struct hr_conclusion {
  const hr_weighing *comparison;
  size_t row;
  int32_t group;
  hr_target_set targets;
  size_t at; /* of its answer for target 0, among those over own groups or over all */
  hr_template_sums
      sums[HR_MOST_TEMPLATE_TARGETS]; /* [T] over all templates, of `targets` */
  hr_posterior *out;                  /* [T] the answers */
} hr_conclusion;

hr_posterior hr_templates_posterior_of(const hr_templates *templates, size_t target,
                                       const hr_template_sums *sums);

/* The weights of the groups in the answer over all templates, [query->groups]; NULL where
 * they are not wanted. */
double *hr_templates_shares_of(const hr_conclusion *conclusion);

/* The posteriors from weights by components, with as large a sample as each target takes;
 * the groups' weights are corrected by the largest.
 */
void hr_templates_check(const hr_conclusion *conclusion);

/* Puts the answers of a local linear model, where fewer templates than wanted share the
 * weight, in the place of the means; returns for which targets. *left: χ² a counting
 * pixel of what the model leaves over, where there is one. */
hr_target_set hr_templates_go_local(const hr_conclusion *conclusion,
                                    const hr_template_local *local, double *left);

/* Draws from the posteriors; gaussian: targets whose posterior has mean and variance
 * alone. */
void hr_templates_draw(const hr_conclusion *conclusion, hr_target_set gaussian);

#endif
