/* Where a study's labels come from, if not from the files of its spectra, and rows that
 * have none. */
#ifndef HR_STUDY_LABELS_H
#define HR_STUDY_LABELS_H

#include "config/config.h"
#include "data/dataset.h"
#include "data/doubts.h"

/* Whether the tables of data.labels give the rows of a set their labels: what the files
 * of its spectra have of their own need not be there then. */
hr_labels hr_study_own_labels(const hr_config *config, bool training);

/* What the tables of data.labels gave a set; nothing of one that has none. */
typedef struct hr_labels_given {
  hr_strings names; /* of the labels */
  size_t rows;      /* of the set */
  size_t without;   /* of these have no line in the tables */
  size_t left_out;  /* and these were left out, whoever knew no label of theirs */
} hr_labels_given;

void hr_labels_given_fini(hr_labels_given *given);

/* Gives the rows of one set the labels that the study names, out of the tables of
 * data.labels, under its own names for them; nothing where there are none for the set.
 * Tells which are taken, also to *given, which begins as all zero and is freed with
 * hr_labels_given_fini. Fails as hr_label_join does, and with HR_ERR_DATA where neither
 * the tables nor the files of spectra have a label that the study needs. */
hr_status hr_study_take_labels(const hr_config *config, bool training,
                               hr_dataset *dataset, const hr_observer *observer,
                               hr_labels_given *given, hr_error *err) HR_MUST_CHECK;

/* Appends the labels that experts are to be given of training rows beside the targets,
 * which are not among *out. HR_ERR_MEMORY. */
hr_status hr_study_list_beside(const hr_config *config, hr_strings *out,
                               hr_error *err) HR_MUST_CHECK;

/* The values of one of these, as hr_dataset_label has them; the sentence of what is wrong
 * with it names the key. */
hr_status hr_study_beside_label(const hr_config *config, const hr_dataset *dataset,
                                const char *label, bool finite, const double **values,
                                hr_error *err) HR_MUST_CHECK;

/* With data.unlabelled: exclude, leaves out the rows of a set that are NaN in a target or
 * an axis of the bins, or of training rows in a label that is learnt beside, counts them
 * to the observer and keeps that as a doubt. HR_ERR_EMPTY where none is left. */
hr_status hr_study_leave_out_unlabelled(const hr_config *config, bool training,
                                        hr_dataset *dataset, const hr_observer *observer,
                                        hr_doubts *doubts, hr_error *err) HR_MUST_CHECK;

/* With data.untrusted, reads the tables in a child process with limits first
 * (data/guard.h). */
hr_status hr_study_vet_labels(const hr_config *config, const hr_observer *observer,
                              hr_error *err) HR_MUST_CHECK;

#endif
