/* The layout of a file of templates, for the two files that write and read it. */
#ifndef HR_COMPUTE_TEMPLATES_LAYOUT_H
#define HR_COMPUTE_TEMPLATES_LAYOUT_H

#include "compute/templates_file.h"
#include "compute/templates_parts.h"

/* 8 characters, the last the version; the words; the arrays below in this order; the
 * fingerprint of all bytes before it. */
#define HR_TEMPLATES_KIND "hrtmpl/1"

enum { HR_TEMPLATES_KIND_SIZE = 8 };

/* Words of 64 bits, little-endian; numbers that are no counts are fp64, bit by bit. */
enum {
  HR_TEMPLATES_COMPACT, /* 0 or 1 */
  HR_TEMPLATES_COUNT,
  HR_TEMPLATES_PIXELS,
  HR_TEMPLATES_TARGETS,
  HR_TEMPLATES_TILES,
  HR_TEMPLATES_WEIGH,     /* hr_weigh */
  HR_TEMPLATES_AMPLITUDE, /* hr_amplitude */
  HR_TEMPLATES_AMPLITUDE_SIGMA,
  HR_TEMPLATES_LEAST_EFFECTIVE,
  HR_TEMPLATES_LEVEL,
  HR_TEMPLATES_CENTRE_LABEL, /* of target 0, */
  HR_TEMPLATES_MOST_ERROR,   /* and of it */
  HR_TEMPLATES_COLUMNS,      /* of origin */
  HR_TEMPLATES_COMPONENTS,   /* of all tiles together */
  HR_TEMPLATES_COEFFICIENTS, /* the same */
  HR_TEMPLATES_KEPT,         /* templates of which what components leave is kept */
  HR_TEMPLATES_WORDS,
};

/* Numbers of 32 bits for every tile. */
enum {
  HR_TILE_COUNT, /* templates; the tiles' come one after the other */
  HR_TILE_GROUP,
  HR_TILE_LINEAR, /* components of g */
  HR_TILE_SQUARE, /* and of g²/2 */
  HR_TILE_KEPT, /* 1: what components leave is kept; 0: they leave nothing to speak of */
  HR_TILE_WORDS,
};

/* Whatever is cut from the right size is, [0 .. PARTS): the arrays of the file. */
typedef enum hr_templates_part {
  HR_PART_TILES,        /* uint32 [tiles][HR_TILE_WORDS] */
  HR_PART_SLOT,         /* uint32 [count] in the order of tiles */
  HR_PART_LABEL,        /* fp32 [T][count] less their mean, in the order of tiles */
  HR_PART_MORE,         /* fp64 [T-1][2] mean and most error of the further targets */
  HR_PART_ORIGIN,       /* fp64 [count][columns] by slot */
  HR_PART_SCALE,        /* fp64 [P] */
  HR_PART_CENTRE,       /* fp32 [tiles][P] */
  HR_PART_BASIS,        /* fp32 [components][P], tile by tile: of g, then of g²/2 */
  HR_PART_COEFFICIENTS, /* fp32, template by template in the order of tiles */
  HR_PART_PIXELS,       /* full: fp32 [count][P] by slot, centred */
  HR_PART_STEPS,        /* compact: fp32 [kept][runs] in the order of tiles */
  HR_PART_LEFT,         /* compact: int16 [kept][P], scale times g in steps of its run */
  HR_PARTS,
} hr_templates_part;

enum { HR_TEMPLATES_RUN = 256 }; /* pixels that share a step */
size_t hr_templates_runs(size_t pixels);

/* Bytes of a part, by the words; in fp64, in which nothing overflows and counts are exact
 * to 2^53. */
double hr_templates_part_size(const uint64_t *words, hr_templates_part part);

/* Bytes of the whole file. */
double hr_templates_file_size(const uint64_t *words);

/* g of a tile's templates from components, [count][P]; 0 where it has none. */
void hr_templates_rebuild(const hr_templates *templates, size_t tile, float *g);

#endif
