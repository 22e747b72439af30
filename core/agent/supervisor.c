/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "agent/supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/message.h"
#include "agent/owner_log.h"
#include "agent/pack.h"
#include "agent/persist.h"
#include "agent/roster.h"
#include "agent/site.h"
#include "agent/spool.h"
#include "base/buf.h"
#include "base/file.h"
#include "base/frame.h"
#include "base/json.h"
#include "base/log.h"
#include "base/time.h"
#include "plugin/cgroup.h"
#include "plugin/layers.h"
#include "trust/journal.h"

#define VERIFIER_IDLE_MS 5000
#define BEAT_TIMEOUT_MS 30000
#define BEAT_RETRY_MS 15000
#define POLL_MAX 128
#define CHECKIN_QUIET_MS 10000  /* with nothing to do, until a check-in ends */
#define CHECKIN_BROKER_MS 60000 /* without a broker, until it gives up */
#define ROLE_MESSAGE_MAX (MIG_FRAME_MAX)

/* ---- signals: only a descriptor is written, the loop does the rest ---- */

static int stop_fd = -1;

static void
on_signal(int number)
{
    uint64_t one = 1;
    int saved = errno;
    ssize_t ignored;

    (void)number;
    ignored = write(stop_fd, &one, sizeof(one));
    (void)ignored;
    errno = saved;
}

static int
watch_signals(struct mig_err *err)
{
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};

    stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (stop_fd < 0)
        return mig_err_errno(err, errno, "eventfd");
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    action.sa_handler = SIG_IGN;
    sigaction(SIGPIPE, &action, NULL);
    sigaction(SIGHUP, &action, NULL);
    return 0;
}

/* ---- starting ---- */

static int
resolve_users(struct mig_supervisor *s, struct mig_err *err)
{
    struct mig_role_user relay = {0}, verifier = {0};
    int rc;

    if (geteuid() != 0) {
        mig_log(MIG_SEV_WARNING, "not started as root: the roles keep this user's rights");
    } else {
        relay.change = verifier.change = 1;
        rc = mig_user_resolve("user.relay", s->site->relay_user, &relay.uid, &relay.gid, err);
        if (rc == 0)
            rc = mig_user_resolve("user.verifier", s->site->verifier_user, &verifier.uid,
                                  &verifier.gid, err);
        if (rc < 0)
            return rc;
        if (relay.uid == verifier.uid)
            return mig_err_set(err, MIG_E_CONFIG,
                               "user.relay and user.verifier are one user (%u): name two",
                               (unsigned)relay.uid);
    }
    mig_child_init(&s->relay, "relay", &relay);
    mig_child_init(&s->beat, "beat", &relay);
    mig_child_init(&s->verifier, "verifier", &verifier);
    return 0;
}

/* The folder in which the verifier makes its throw-away keyring. As root it gets a /tmp of its own.
 */
static int
verifier_home(struct mig_supervisor *s, struct mig_err *err)
{
    if (s->verifier.user.change) {
        snprintf(s->verifier_home, sizeof(s->verifier_home), "/tmp");
        return 0;
    }
    if (snprintf(s->verifier_home, sizeof(s->verifier_home), "%s/verify",
                 mig_site_run_dir(s->site)) >= (int)sizeof(s->verifier_home))
        return mig_err_set(err, MIG_E_CONFIG, "the run folder's name is too long");
    if (mkdirat(s->run_fd, "verify", 0700) < 0 && errno != EEXIST)
        return mig_err_errno(err, errno, "%s", s->verifier_home);
    return 0;
}

static int
open_state(struct mig_supervisor *s, struct mig_err *err)
{
    const char *path = mig_site_run_dir(s->site);
    char uid[MIG_UID_MAX + 1];
    int rc;

    rc = mig_rundir_open(path, &s->run_fd, err);
    if (rc == 0)
        rc = mig_rundir_lock(s->run_fd, path, &s->lock_fd, err);
    if (rc == 0)
        rc = mig_identity(s->run_fd, uid, err);
    if (rc == 0)
        rc = mig_spool_open(s->run_fd, &s->spool_fd, err);
    if (rc == 0)
        rc = mig_journal_open(s->run_fd, "journal", mig_time_now().sec, &s->journal, err);
    if (rc == 0)
        rc = mig_owner_log_open(s->run_fd, &s->owner_log, err);
    if (rc == 0)
        rc = mig_control_open(s->run_fd, &s->control, err);
    if (rc == 0)
        rc = verifier_home(s, err);
    if (rc == 0 && !s->site->checkin)
        rc = mig_persist_start(s->site, s->run_fd, path, s->roster, &s->persist, err);
    if (rc == 0)
        snprintf(s->queueloc, sizeof(s->queueloc), "linux.%s", uid);
    return rc;
}

static void
close_state(struct mig_supervisor *s)
{
    mig_child_stop(&s->relay);
    mig_child_stop(&s->verifier);
    mig_child_stop(&s->beat);
    mig_jobs_free(s);
    mig_persist_end(s->persist);
    mig_roster_free(s->roster);
    mig_control_close(s->control, s->run_fd);
    free(s->cloud);
    mig_owner_log_close(s->owner_log);
    mig_journal_close(s->journal);
    for (int *fd = (int[]){s->spool_fd, s->lock_fd, s->run_fd, -2}; *fd != -2; fd++)
        if (*fd >= 0)
            close(*fd);
}

/* ---- roles ---- */

static void
start_relay(struct mig_supervisor *s)
{
    struct mig_buf hello = MIG_BUF_INIT;
    struct mig_err err = {0};

    s->relay_instance++;
    mig_pack_text(&hello, s->queueloc);
    mig_pack_text(&hello, s->account.user);
    mig_pack_text(&hello, s->account.password);
    if (mig_child_start(&s->relay, &hello, &err) < 0)
        mig_log(MIG_SEV_ERR, "%s", err.text[0] ? err.text : "the relay does not start");
    mig_buf_fini(&hello);
}

static void
pack_tags(const struct mig_supervisor *s, struct mig_buf *hello)
{
    struct json_object *tags = mig_site_tags(s->site);
    char *text = tags ? mig_json_text(tags) : NULL;

    mig_pack_text(hello, text ? text : "{}");
    free(text);
    json_object_put(tags);
}

int
mig_supervisor_verifier(struct mig_supervisor *s)
{
    struct mig_buf hello = MIG_BUF_INIT;
    struct mig_err err = {0};
    int rc = 0;

    if (s->verifier.pid > 0)
        return 0;
    if (mig_time_monotonic_ms() < s->verifier.start_after_ms)
        return -EAGAIN;
    mig_pack_text(&hello, s->queueloc);
    mig_pack_text(&hello, s->verifier_home);
    pack_tags(s, &hello);
    mig_pack_number(&hello, s->site->check_target);
    mig_pack_text(&hello, mig_site_mode(s->site));
    rc = mig_child_start(&s->verifier, &hello, &err);
    if (rc < 0)
        mig_log(MIG_SEV_ERR, "%s", err.text[0] ? err.text : "the verifier does not start");
    mig_buf_fini(&hello);
    return rc;
}

static void
start_beat(struct mig_supervisor *s, int64_t now)
{
    struct mig_buf hello = MIG_BUF_INIT, part = MIG_BUF_INIT;
    struct mig_err err = {0};

    mig_pack_text(&hello, s->queueloc);
    mig_pack_number(&hello, (uint64_t)getpid());
    mig_pack_number(&hello, s->env_hash);
    mig_pack_number(&hello, (uint64_t)s->env_refresh);
    mig_roster_refresh(s->roster);
    mig_roster_json(s->roster, MIG_ROSTER_JSON_MAX, &part);
    mig_pack_bytes(&hello, part.data, part.len);
    mig_buf_reset(&part);
    mig_layers_json(&part);
    mig_pack_bytes(&hello, part.data, part.len);
    mig_buf_reset(&part);
    mig_persist_json(s->persist, &part);
    mig_pack_bytes(&hello, part.data, part.len);
    mig_pack_text(&hello, s->proxy);
    pack_tags(s, &hello);
    mig_pack_text(&hello, mig_site_mode(s->site));
    mig_pack_number(&hello, s->site->public_ip);
    mig_pack_number(&hello, s->site->cloud);
    mig_pack_text(&hello, s->cloud);
    for (size_t i = 0; s->site->modules_off && s->site->modules_off[i]; i++)
        mig_pack_text(&hello, s->site->modules_off[i]);
    if (mig_child_start(&s->beat, &hello, &err) < 0)
        mig_log(MIG_SEV_ERR, "%s", err.text[0] ? err.text : "the heartbeat does not start");
    s->beat_deadline = now + BEAT_TIMEOUT_MS;
    s->beat_next = now + BEAT_RETRY_MS; /* until it is known that the API took it */
    mig_buf_fini(&hello);
    mig_buf_fini(&part);
}

static void
log_for(const struct mig_child *child, struct mig_unpack *in)
{
    int severity = (int)mig_unpack_number(in);
    size_t len;
    const char *text = mig_unpack_bytes(in, &len);

    mig_log(severity, "%s: %.*s", child->role, (int)(len > 1500 ? 1500 : len), text);
}

static int
relay_message(struct mig_supervisor *s, uint32_t type, struct mig_unpack *in)
{
    uint64_t a, b;
    const char *raw;
    size_t len;

    switch (type) {
    case MIG_MSG_COMMAND:
        a = mig_unpack_number(in);
        b = mig_unpack_number(in);
        raw = mig_unpack_bytes(in, &len);
        if (!in->bad)
            mig_jobs_command(s, a, b, raw, len);
        break;
    case MIG_MSG_FATE:
        a = mig_unpack_number(in);
        b = mig_unpack_number(in);
        if (!in->bad)
            mig_jobs_fate(s, a, b);
        break;
    case MIG_MSG_UP:
        raw = mig_unpack_bytes(in, &len);
        snprintf(s->proxy, sizeof(s->proxy), "%.*s", (int)(len > 250 ? 250 : len), raw);
        mig_log(MIG_SEV_NOTICE, "connected to the broker%s%s", s->proxy[0] ? " by proxy " : "",
                s->proxy);
        mig_jobs_relay_down(s);
        s->relay_up = 1;
        break;
    case MIG_MSG_DOWN:
        mig_jobs_relay_down(s);
        break;
    default:
        return MIG_E_PROTOCOL;
    }
    return in->bad ? MIG_E_PROTOCOL : 0;
}

static int
verifier_message(struct mig_supervisor *s, uint32_t type, const struct mig_buf *body)
{
    s->verifier_idle_since = mig_time_monotonic_ms();
    if (type == MIG_MSG_VERDICT)
        return mig_jobs_verdict(s, body->data, body->len);
    if (type == MIG_MSG_ANSWER)
        return mig_jobs_answer(s, body->data, body->len);
    return MIG_E_PROTOCOL;
}

static int
beat_message(struct mig_supervisor *s, uint32_t type, struct mig_unpack *in)
{
    uint64_t taken = mig_unpack_number(in);
    const char *body;
    size_t len;
    char *cloud;

    if (type != MIG_MSG_BEAT)
        return MIG_E_PROTOCOL;
    s->env_hash = mig_unpack_number(in);
    s->env_refresh = (int64_t)mig_unpack_number(in);
    cloud = mig_unpack_dup(in, NULL);
    if (!cloud)
        return MIG_E_PROTOCOL;
    free(s->cloud);
    s->cloud = cloud;
    body = mig_unpack_bytes(in, &len);
    if (in->bad)
        return MIG_E_PROTOCOL;
    if (len > 0)
        taken = s->relay_up && mig_child_send(&s->relay, MIG_MSG_HEARTBEAT, body, len) == 0;
    if (taken)
        s->beat_next = mig_time_monotonic_ms() + s->site->heartbeat_ms;
    return 0;
}

/* Takes all that a role has said. Not 0: it is gone, or not to be trusted any more. */
static int
hear(struct mig_supervisor *s, struct mig_child *child)
{
    struct mig_buf body = MIG_BUF_INIT;
    struct mig_unpack in;
    uint32_t type = 0;
    int rc;

    for (int i = 0; i < 64; i++) {
        rc = mig_child_recv(child, ROLE_MESSAGE_MAX, &type, &body);
        if (rc < 0)
            break;
        mig_unpack_init(&in, body.data, body.len);
        if (child != &s->beat || !s->beaten)
            s->active_at = mig_time_monotonic_ms();
        if (type == MIG_MSG_LOG)
            log_for(child, &in);
        else if (child == &s->relay)
            rc = relay_message(s, type, &in);
        else if (child == &s->verifier)
            rc = verifier_message(s, type, &body);
        else
            rc = beat_message(s, type, &in);
        if (rc < 0)
            break;
    }
    mig_buf_fini(&body);
    return rc == -EAGAIN ? 0 : rc;
}

static void
lose(struct mig_supervisor *s, struct mig_child *child, const char *why)
{
    if (child != &s->beat)
        mig_log(MIG_SEV_WARNING, "the %s %s; it is started again", child->role, why);
    mig_child_stop(child);
    if (child != &s->beat || !s->beaten)
        s->active_at = mig_time_monotonic_ms();
    if (child == &s->beat)
        s->beaten = 1;
    if (child == &s->relay)
        mig_jobs_relay_down(s);
    if (child == &s->verifier)
        mig_jobs_verifier_lost(s);
}

static void
serve_child(struct mig_supervisor *s, struct mig_child *child, short events)
{
    int rc = 0;

    if (child->pid <= 0)
        return;
    if (events & (POLLIN | POLLHUP | POLLERR))
        rc = hear(s, child);
    if (rc == 0)
        rc = mig_child_flush(child);
    if (rc < 0)
        lose(s, child, rc == MIG_E_PROTOCOL ? "broke the protocol" : "is gone");
}

/* ---- check-in mode ---- */

/* When a check-in has come to its end, in good or bad, if nothing happens until then. */
static int64_t
checkin_end(const struct mig_supervisor *s)
{
    if (!s->relay_up)
        return s->down_since + CHECKIN_BROKER_MS;
    if (s->jobs)
        return s->active_at + s->site->module_timeout_ms + CHECKIN_BROKER_MS;
    return s->active_at + (s->beaten ? CHECKIN_QUIET_MS : BEAT_TIMEOUT_MS);
}

static void
check_in(struct mig_supervisor *s)
{
    if (mig_time_monotonic_ms() < checkin_end(s))
        return;
    s->stopping = 1;
    s->given_up = !s->relay_up || s->jobs;
    if (!s->given_up)
        mig_log(MIG_SEV_NOTICE, "checked in: %" PRIu64 " commands accepted, %" PRIu64 " answered",
                s->accepted, s->answered);
}

/* ---- time ---- */

/* To the API, or else by the broker. */
static int
can_beat(const struct mig_supervisor *s)
{
    return s->site->api[0] || s->relay_up;
}

static void
tick(struct mig_supervisor *s)
{
    int64_t now = mig_time_monotonic_ms();

    if (s->relay.pid == 0 && now >= s->relay.start_after_ms)
        start_relay(s);
    if (s->verifier_deadline != 0 && now > s->verifier_deadline)
        lose(s, &s->verifier, "does not answer");
    if (s->verifier.pid > 0 && s->verifier_deadline == 0 &&
        now - s->verifier_idle_since > VERIFIER_IDLE_MS &&
        now - s->verifier.started_ms > VERIFIER_IDLE_MS)
        mig_child_release(&s->verifier);
    if (s->beat.pid > 0 && now > s->beat_deadline) {
        mig_log(MIG_SEV_WARNING, "heartbeat: the API does not answer");
        mig_child_stop(&s->beat);
        s->beaten = 1;
    }
    if (s->beat.pid == 0 && can_beat(s) && now >= s->beat_next)
        start_beat(s, now);
}

static void
until(int *timeout_ms, int64_t when, int64_t now)
{
    int64_t left = when > now ? when - now : 0;

    if (left < *timeout_ms)
        *timeout_ms = (int)left;
}

static int
next_wake(const struct mig_supervisor *s)
{
    int64_t now = mig_time_monotonic_ms();
    int timeout = 60000;

    if (mig_child_reap() > 0)
        timeout = 1000;
    if (s->relay.pid == 0)
        until(&timeout, s->relay.start_after_ms, now);
    if (s->verifier_deadline != 0)
        until(&timeout, s->verifier_deadline + 1, now);
    else if (s->verifier.pid > 0)
        until(&timeout, s->verifier_idle_since + VERIFIER_IDLE_MS + 10, now);
    else if (s->verifier.start_after_ms > now)
        until(&timeout, s->verifier.start_after_ms, now);
    if (s->beat.pid > 0)
        until(&timeout, s->beat_deadline + 1, now);
    else if (can_beat(s))
        until(&timeout, s->beat_next, now);
    if (s->site->checkin)
        until(&timeout, checkin_end(s) + 1, now);
    return timeout;
}

/* ---- the loop ---- */

static struct pollfd
watch(const struct mig_child *child)
{
    short events = (short)(POLLIN | (mig_child_waiting(child) ? POLLOUT : 0));

    return (struct pollfd){.fd = child->fd, .events = events};
}

static void
turn(struct mig_supervisor *s)
{
    struct pollfd fds[POLL_MAX];
    struct mig_child *children[] = {&s->relay, &s->verifier, &s->beat};
    size_t n = 0;
    int timeout = next_wake(s);

    fds[n++] = (struct pollfd){.fd = stop_fd, .events = POLLIN};
    for (size_t i = 0; i < 3; i++)
        fds[n++] = watch(children[i]);
    n += mig_control_poll(s->control, fds + n, POLL_MAX - n);
    n += mig_persist_poll(s->persist, fds + n, POLL_MAX - n, &timeout);
    n += mig_jobs_poll(s, fds + n, POLL_MAX - n, &timeout);
    if (poll(fds, n, timeout) < 0 && errno != EINTR)
        mig_log(MIG_SEV_ERR, "poll: %s", strerror(errno));
    if (fds[0].revents)
        s->stopping = 1;
    for (size_t i = 0; i < 3; i++)
        serve_child(s, children[i], fds[1 + i].revents);
    mig_control_step(s->control, s);
    mig_jobs_step(s);
    mig_persist_step(s->persist);
    if (s->site->checkin)
        check_in(s);
    tick(s);
    mig_jobs_work(s);
}

static void
harden(void)
{
    struct rlimit none = {0, 0};

    umask(077);
    setrlimit(RLIMIT_CORE, &none);
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

int
mig_supervisor_run(const struct mig_site *site, struct mig_err *err)
{
    struct mig_supervisor s = {.site = site, .run_fd = -1, .lock_fd = -1, .spool_fd = -1};
    int rc;

    harden();
    mig_cgroup_start();
    mig_child_init(&s.relay, "relay", &(struct mig_role_user){0});
    mig_child_init(&s.beat, "beat", &(struct mig_role_user){0});
    mig_child_init(&s.verifier, "verifier", &(struct mig_role_user){0});
    s.started = mig_time_now().sec;
    rc = watch_signals(err);
    if (rc == 0)
        rc = mig_account_load(site, &s.account, err);
    if (rc == 0)
        rc = resolve_users(&s, err);
    if (rc == 0) {
        s.roster = mig_roster_new(mig_site_plugin_dir(site));
        rc = s.roster ? open_state(&s, err) : mig_err_errno(err, ENOMEM, "plugins");
    }
    if (rc == 0)
        rc = mig_jobs_load(&s, err);
    if (rc == 0) {
        mig_log(MIG_SEV_NOTICE, "agent " PACKAGE_VERSION " serves %s as %.20s...",
                mig_site_run_dir(site), s.queueloc);
        mig_owner_log_started(s.owner_log);
        tick(&s);
        mig_jobs_work(&s);
        s.active_at = s.down_since = mig_time_monotonic_ms();
        while (!s.stopping)
            turn(&s);
        mig_log(MIG_SEV_NOTICE, "stopped; %zu commands stay in the spool", mig_jobs_count(&s));
        if (s.given_up)
            rc = mig_err_set(err, MIG_E_TIMEOUT, "the check-in did not come to its end: %s",
                             s.relay_up ? "commands do not end" : "the broker is not to be had");
    }
    close_state(&s);
    mig_account_wipe(&s.account);
    mig_cgroup_stop();
    return rc;
}
