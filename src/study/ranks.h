/* A study that the ranks of one world (core/world.h) do together. Rank 0, the host, owns
 * the run directory, progress, signals and what is said; the others, its guests, do their
 * shares of the tasks (study/division.h) straight into it, where a resumed run of any
 * number of ranks finds them. When all have ended, the host goes on as a run that is
 * resumed.
 *
 * Everything here that says "all" is called by every rank, at the same point. A step that
 * fails between ranks breaks the world: the program ends it with hr_world_abort. */
#ifndef HR_STUDY_RANKS_H
#define HR_STUDY_RANKS_H

#include "core/world.h"
#include "headroom/study.h"
#include "study/division.h"

/* hr_study_run, done by all ranks of the world. On guests *run_dir is not set, and a
 * failure's sentence is "": the host has said it. */
hr_status hr_study_run_ranks(const hr_study_options *options, hr_world *world,
                             const hr_observer *observer, char **run_dir,
                             hr_error *err) HR_MUST_CHECK;

typedef struct hr_ranks {
  hr_world *world;           /* borrowed */
  const hr_observer *caller; /* borrowed, may be NULL */
  const hr_observer *log;    /* what guests say is told this one; the caller at first */
  hr_observer observer;      /* for the study of this rank: lines of guests go to the
                                host, letters are taken whenever it is asked whether to
                                stop */
  bool is_working;           /* from the division on: before, guests say nothing that the
                                host does not say too */
  bool is_told;              /* the host told the others to stop, or it told us */
  bool has_verdict;          /* how it ended, of guests */
  hr_status verdict;
  bool *has_ended;  /* [ranks] of the host: their parts, well or not */
  bool *is_seen;    /* [ranks] whose lock it can see, and so whether they live */
  double *gone;     /* [ranks] since when the lock is not held, s; 0: it is */
  size_t failed;    /* the first rank that failed; SIZE_MAX: none */
  hr_error failure; /* of that */
  double looked;    /* when letters were last looked for, s */
} hr_ranks;

/* Must not be moved. HR_ERR_MEMORY. To be followed by hr_ranks_fini, on failure too. */
hr_status hr_ranks_init(hr_ranks *ranks, hr_world *world, const hr_observer *caller,
                        hr_error *err) HR_MUST_CHECK;
void hr_ranks_fini(hr_ranks *ranks);
bool hr_ranks_is_host(const hr_ranks *ranks);

/* All: whether every rank came here well, `own` being how this one did with its sentence
 * in err. The same status on all; on the host the sentence of the first that failed, with
 * its name where that is a guest; on guests "". origin not NULL: of the study that this
 * rank has opened, which has to be the same on all: HR_ERR_DATA. */
hr_status hr_ranks_agree(hr_ranks *ranks, hr_status own, const hr_origin *origin,
                         hr_error *err) HR_MUST_CHECK;

/* All: this rank's share of the pieces that have no record in `run_dir` yet, as the host
 * sees it. HR_ERR_MEMORY. */
hr_status hr_ranks_divide(hr_ranks *ranks, const hr_plan *plan, const char *run_dir,
                          hr_share *share, hr_error *err) HR_MUST_CHECK;

/* Host: from here on a guest whose lock is given up before it has ended is dead. */
void hr_ranks_watch(hr_ranks *ranks, const char *run_dir);

/* All: this rank's part ended with `own`, its sentence in err. A guest tells the host,
 * and gets its own back. The host waits for the others, whom it tells to stop where one
 * failed or died or it was asked to itself; `observer` is asked and told how far they
 * are. Then as hr_ranks_agree. */
hr_status hr_ranks_end(hr_ranks *ranks, const char *run_dir, const hr_observer *observer,
                       hr_status own, hr_error *err) HR_MUST_CHECK;

/* All: the last word. Guests wait for it and return what the host gave. */
hr_status hr_ranks_conclude(hr_ranks *ranks, hr_status own, hr_error *err) HR_MUST_CHECK;

#endif
