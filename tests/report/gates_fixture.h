/* Studies with two gates: the one that is deployed knows bin 0 for sure and takes the
 * others for their neighbours, the second one knows nothing. */
#ifndef HR_TESTS_REPORT_GATES_FIXTURE_H
#define HR_TESTS_REPORT_GATES_FIXTURE_H

#include "report/ladder_fixture.h"

enum { GATES_SLOTS = FIXTURE_BINS + 1, GATES_FORECASTS = 3 };

typedef struct gates_fixture {
  ladder_fixture l;
  double weight[2][FIXTURE_ROWS][GATES_SLOTS];
  float made[GATES_FORECASTS][FIXTURE_ROWS];
  double mean[GATES_FORECASTS][FIXTURE_ROWS];
  hr_gated gated[GATES_FORECASTS];
  hr_results_gate gates[2];
} gates_fixture;

static inline void gates_fixture_weigh(gates_fixture *g) {
  for (size_t i = 0; i < FIXTURE_ROWS; i++) {
    size_t bin = g->l.f.bin[i] < 0 ? 0 : (size_t)g->l.f.bin[i];
    g->weight[0][i][bin] = bin == 0 ? 1 : 0.3;
    if (bin > 0) g->weight[0][i][(bin + 1) % FIXTURE_BINS] = 0.7;
    for (size_t k = 0; k < FIXTURE_BINS; k++) g->weight[1][i][k] = 1.0 / FIXTURE_BINS;
  }
}

/* The first gate's hybrid, soft and hard, and the second one's; soft ones are listed. */
static inline void gates_fixture_init(gates_fixture *g) {
  static const char *const names[GATES_FORECASTS] = {"bayes", "bayes", "logistic"};
  static const double sigma[GATES_FORECASTS] = {0.40, 0.45, 0.5};
  *g = (gates_fixture){.gates = {{.name = "bayes"}, {.name = "logistic"}}};
  ladder_fixture_init(&g->l);
  gates_fixture_weigh(g);
  for (size_t f = 0; f < GATES_FORECASTS; f++) {
    fixture_predict(&g->l.f, HR_GLOBAL, sigma[f], 31 + f, g->made[f]);
    for (size_t i = 0; i < FIXTURE_ROWS; i++) g->mean[f][i] = (double)g->made[f][i];
    g->gated[f] = (hr_gated){.gate = names[f],
                             .title = f < 2 ? "Bayes gate" : "Logistic gate",
                             .mixing = f == 1 ? "hard" : "soft",
                             .is_own_mixing = f != 1,
                             .method = HR_NO_METHOD,
                             .prediction = g->mean[f]};
  }
  g->gates[0] = (hr_results_gate){.name = "bayes",
                                  .title = "Bayes gate",
                                  .mixing = "soft",
                                  .uses_error = true,
                                  .temperature = 1,
                                  .weight = g->weight[0][0]};
  g->gates[1] = (hr_results_gate){.name = "logistic",
                                  .title = "Logistic gate",
                                  .mixing = "soft",
                                  .temperature = 1.25,
                                  .weight = g->weight[1][0]};
  g->l.f.input.gated = g->gated;
  g->l.f.input.gated_count = GATES_FORECASTS;
  g->l.f.input.gates = g->gates;
  g->l.f.input.gate_count = 2;
}

#endif
