/* SPDX-License-Identifier: MIT */
/* Opening and closing what a session about one image has around it. */
#include "cli/image_session.h"

#include "cli/exit_code.h"

int image_session_run(const struct options *options, const struct setup_image *image,
                      const char *deliver, unsigned cpu_seconds, const struct report_run *about,
                      const struct outputs **outputs,
                      int (*work)(void *context, struct session_channel *channel), void *context)
{
    const struct session_image symbols = {image->path, image->service};
    int code = EXIT_ENVIRONMENT;
    struct outputs *const opened = outputs_open(options, image->path, &code);

    if (opened == NULL)
        return code;
    *outputs = opened;
    struct report_writer *writer = report_writer_create(stdout, options->json, options->quiet);
    code = writer == NULL ? EXIT_ENVIRONMENT
                          : session_run(&(struct session_options){.writer = writer,
                                                                  .deliver = deliver,
                                                                  .quiet = options->quiet,
                                                                  .images = &symbols,
                                                                  .image_count = 1,
                                                                  .cpu_seconds = cpu_seconds,
                                                                  .about = about,
                                                                  .outputs = opened},
                                        work, context);
    report_writer_destroy(writer);
    *outputs = NULL;
    return outputs_close(opened, code);
}
