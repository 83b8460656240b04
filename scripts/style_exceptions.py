"""What the rules of check_style.py leave out, each with its reason. Lists only get shorter: what is
new keeps the rules."""

# Functions of more than six parameters.
MANY_PARAMETERS = {
    "refuse_to_follow": "HDF5 prescribes the parameters of this callback",
    "dpotrs_": "LAPACK's own",
    "dsyevd_": "LAPACK's own",
    "strtri_": "LAPACK's own",
}

# Structs of options without a hr_..._default().
NO_DEFAULT = {
    "hr_training_options": "a method's parameters fill it, and their table has the defaults",
}

# Sources without a test file of their own name: what they do is seen in another one's.
TESTED_BY = {
    # The program is run as users run it.
    "cli/main.c": "cli/test_program.c",
    "cli/verb_help.c": "cli/test_program.c",
    "cli/verb_inspect.c": "cli/test_program.c",
    "cli/verb_publish.c": "cli/test_program.c",
    "cli/verb_merge.c": "python/test_array.py",
    "cli/verb_report.c": "cli/test_program.c",
    "cli/verb_run.c": "cli/test_program.c",
    "cli/verb_simulate.c": "cli/test_program.c",
    "cli/verb_slurm.c": "python/test_array.py",
    "cli/verb_status.c": "cli/test_program.c",
    "cli/verb_stop.c": "cli/test_program.c",
    "cli/verb_version.c": "cli/test_program.c",
    # Every back end has to pass the same tests.
    "nn/convolver_reference.c": "nn/test_convolver.c",
    "nn/dnnl.c": "nn/test_convolver.c",
    "nn/dnnl_products.c": "nn/test_products.c",
    # Files that share one object, whose tests see them together.
    "nn/network_pass.c": "nn/test_network.c",
    "models/net_pool.c": "models/test_network.c",
    "nn/vit_backward.c": "nn/test_vit.c",
    "nn/vit_forward.c": "nn/test_vit.c",
    "config/table.c": "config/test_config.c",
    "session/state.c": "session/test_run.c",
    "study/judge.c": "study/test_study.c",
    "study/opened.c": "study/test_study.c",
    "report/chart_axes.c": "report/test_chart.c",
    "report/chart_legend.c": "report/test_chart.c",
    "report/figure_bins.c": "report/test_figures.c",
    "report/figure_calibration.c": "report/test_figures.c",
    "report/figure_grid.c": "report/test_figures.c",
    "report/figure_gain.c": "report/test_figures.c",
    "report/figure_ladder.c": "report/test_figures_ladder.c",
    "report/figure_scatter.c": "report/test_figures.c",
    "report/figure_snr.c": "report/test_figures.c",
    "report/figure_training.c": "report/test_figures.c",
    "report/markdown.c": "report/test_report.c",
    "report/source.c": "report/test_report.c",
    "report/tables_ceiling.c": "report/test_report.c",
    "report/rows_audit.c": "report/test_contradictions.c",
    "report/rows_audit_calibration.c": "report/test_rows.c",
    "report/rows_audit_ladder.c": "report/test_ladder.c",
    "report/markdown_calibration.c": "report/test_calibration.c",
    "report/tables_calibration.c": "report/test_calibration.c",
    "score/prediction_columns.c": "score/test_predictions.c",
    "score/results_ceiling.c": "score/test_results.c",
    "score/results_lattice.c": "score/test_lattice_rows.c",
    "report/tables_lattice.c": "score/test_lattice_rows.c",
    "score/results_levels.c": "score/test_results.c",
    "score/audit.c": "score/test_ledger.c",
    "score/intervals.c": "score/test_evaluation.c",
    "score/verdict.c": "score/test_gate.c",
    "predict/engine_predict.c": "predict/test_engine.c",
    "report/run_results_read.c": "report/test_run_results.c",
    # Files that nothing but the caller above them uses, and whose every refusal it hands on.
    "predict/input.c": "predict/test_predict.c",
    "predict/plan.c": "predict/test_predict.c",
    "predict/reading.c": "predict/test_predict.c",
    "report/star_page.c": "report/test_star_pages.c",
    # Routers are rows of one table, and take the same rows.
    "routing/global.c": "routing/test_router.c",
    "routing/nearest.c": "routing/test_router.c",
    "routing/router_labels.c": "routing/test_router.c",
    # Parts of one method that are seen in what it trains; the search for libraries takes an
    # environment of its own, which test_lightgbm_library.py and test_onnx.py make.
    "methods/net/cost.c": "methods/test_cnn.c",
    "methods/net/learner.c": "methods/test_cnn.c",
    "methods/net/result.c": "methods/test_cnn.c",
    "methods/net/rows.c": "methods/test_cnn.c",
    "methods/net/train.c": "methods/test_cnn.c",
    "methods/lightgbm/api.c": "python/test_lightgbm_library.py",
    "methods/shared_library.c": "python/test_lightgbm_library.py",
    "methods/outside/ort_api.c": "python/test_onnx.py",
    "methods/lightgbm/grow.c": "methods/test_lightgbm.c",
    "methods/lightgbm/trees.c": "methods/test_lightgbm.c",
}

# Beginnings of sentences that no test compares.
MEMORY = "said where another library's allocation fails, which test_failing_calls.py provokes"
OPENED = "HDF5 answers from memory about what it has opened, and fails for want of memory alone"
SYSTEM = "takes a system that refuses what it grants to root, or a file that goes in mid-call"
UNPROVOKED = {
    "no memory for reading %s": MEMORY,
    "memory for the built-in data ran out": MEMORY,
    "cannot search for '%s'": MEMORY,
    "cannot start a process": SYSTEM,
    "cannot lock %s": SYSTEM,
    "%s: cannot read how %s is stored": OPENED,
    "%s: cannot read the shape of %s": OPENED,
    "%s: cannot read the type of %s": OPENED,
    "%s: cannot read its size": OPENED,
    "cannot read back rows that %s kept": "takes a file of rows that goes while it is trained on",
    "cannot read the rows of bin %d again": "takes a file of rows that goes while it is trained on",
    "there is no  in %s": "its first half is a macro; test_lightgbm_library.py compares it whole",
    "%s has to know the error of each pixel": "takes a bundle of templates; hr_predict says its own",
    "a figure could not be drawn": "takes a fault of cairo's own other than memory",
    "cannot set the permissions of %s": SYSTEM,
    "the leading components of the model grid cannot": "takes an embedded grid that is damaged",
    "data.rv: velocities are measured with": "its second half is a sentence of another place",
    "the key '%s%s%.60s' is not known; %s takes no keys": "every section has keys today",
}
