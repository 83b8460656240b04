/* How large the parts of a file of templates are, and templates from their components:
 * what writing and reading have to agree in. */
#include "compute/templates_layout.h"

#include <string.h>

size_t hr_templates_runs(size_t pixels) {
  return pixels / HR_TEMPLATES_RUN + (pixels % HR_TEMPLATES_RUN > 0);
}

double hr_templates_part_size(const uint64_t *words, hr_templates_part part) {
  double count = (double)words[HR_TEMPLATES_COUNT];
  double pixels = (double)words[HR_TEMPLATES_PIXELS];
  double targets = (double)words[HR_TEMPLATES_TARGETS];
  double tiles = (double)words[HR_TEMPLATES_TILES];
  double kept = (double)words[HR_TEMPLATES_KEPT];
  double runs = (double)hr_templates_runs((size_t)words[HR_TEMPLATES_PIXELS]);
  const double sizes[HR_PARTS] = {
      [HR_PART_TILES] = tiles * HR_TILE_WORDS * sizeof(uint32_t),
      [HR_PART_SLOT] = count * sizeof(uint32_t),
      [HR_PART_LABEL] = targets * count * sizeof(float),
      [HR_PART_MORE] = (targets - 1) * 2 * sizeof(double),
      [HR_PART_ORIGIN] = count * (double)words[HR_TEMPLATES_COLUMNS] * sizeof(double),
      [HR_PART_SCALE] = pixels * sizeof(double),
      [HR_PART_CENTRE] = tiles * pixels * sizeof(float),
      [HR_PART_BASIS] = (double)words[HR_TEMPLATES_COMPONENTS] * pixels * sizeof(float),
      [HR_PART_COEFFICIENTS] = (double)words[HR_TEMPLATES_COEFFICIENTS] * sizeof(float),
      [HR_PART_PIXELS] = words[HR_TEMPLATES_COMPACT] ? 0 : count * pixels * sizeof(float),
      [HR_PART_STEPS] = kept * runs * sizeof(float),
      [HR_PART_LEFT] = kept * pixels * sizeof(int16_t),
  };
  return sizes[part];
}

double hr_templates_file_size(const uint64_t *words) {
  double size = HR_TEMPLATES_KIND_SIZE + (HR_TEMPLATES_WORDS + 1) * sizeof(uint64_t);
  for (int part = 0; part < HR_PARTS; part++) {
    size += hr_templates_part_size(words, (hr_templates_part)part);
  }
  return size;
}

void hr_templates_rebuild(const hr_templates *t, size_t index, float *g) {
  const hr_template_tile *tile = &t->tiles[index];
  if (tile->linear == 0) {
    memset(g, 0, tile->count * t->pixels * sizeof *g);
    return;
  }
  const hr_product product = {.m = tile->count,
                              .n = t->pixels,
                              .k = tile->linear,
                              .lda = HR_TEMPLATE_RANK,
                              .ldb = t->pixels,
                              .ldc = t->pixels,
                              .factor = 1};
  t->compute->gemm_f32(&product, t->coefficient + tile->first * HR_TEMPLATE_RANK,
                       t->basis + index * HR_TEMPLATE_RANK * t->pixels, g);
}
