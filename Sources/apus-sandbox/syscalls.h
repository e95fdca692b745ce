// The system calls of workers. Those of the first list are let through, those of the second are refused with EPERM;
// any other does not exist (ENOSYS), as on an older kernel.
#pragma once

#include <sys/syscall.h>

// The most frequent first: a filter is read from its top.
static const unsigned allowed_calls[] = {
    SYS_read, SYS_write, SYS_readv, SYS_writev, SYS_pread64, SYS_pwrite64, SYS_preadv, SYS_pwritev, SYS_preadv2,
    SYS_pwritev2, SYS_futex, SYS_mprotect, SYS_madvise, SYS_munmap, SYS_brk, SYS_mremap, SYS_close, SYS_epoll_pwait,
    SYS_epoll_pwait2, SYS_epoll_ctl, SYS_clock_gettime, SYS_clock_nanosleep, SYS_nanosleep, SYS_sched_yield,
    SYS_gettid, SYS_getpid, SYS_rt_sigprocmask, SYS_rt_sigaction, SYS_rt_sigreturn, SYS_lseek, SYS_openat,
    SYS_fstat, SYS_newfstatat, SYS_statx, SYS_faccessat, SYS_faccessat2, SYS_readlinkat, SYS_getdents64,
    SYS_getcwd, SYS_chdir, SYS_fchdir, SYS_mkdirat, SYS_unlinkat, SYS_renameat, SYS_renameat2, SYS_linkat,
    SYS_symlinkat, SYS_fchmod, SYS_fchmodat, SYS_utimensat, SYS_truncate, SYS_ftruncate, SYS_fallocate, SYS_fsync,
    SYS_fdatasync, SYS_sync_file_range, SYS_umask, SYS_statfs, SYS_fstatfs, SYS_copy_file_range,
    SYS_sendfile, SYS_fadvise64, SYS_dup, SYS_dup3, SYS_pipe2, SYS_ppoll, SYS_pselect6, SYS_epoll_create1,
    SYS_eventfd2, SYS_timerfd_create, SYS_timerfd_settime, SYS_timerfd_gettime, SYS_mincore, SYS_msync,
    SYS_set_robust_list, SYS_get_robust_list, SYS_rseq, SYS_set_tid_address, SYS_getppid, SYS_getpgid, SYS_getsid,
    SYS_getuid, SYS_geteuid, SYS_getgid, SYS_getegid, SYS_getresuid, SYS_getresgid, SYS_getgroups, SYS_capget,
    SYS_sigaltstack, SYS_rt_sigpending, SYS_rt_sigtimedwait, SYS_rt_sigsuspend, SYS_rt_tgsigqueueinfo, SYS_kill,
    SYS_tgkill, SYS_tkill, SYS_clock_getres, SYS_gettimeofday, SYS_times, SYS_getrusage, SYS_getitimer, SYS_setitimer,
    SYS_timer_create, SYS_timer_settime, SYS_timer_gettime, SYS_timer_delete, SYS_timer_getoverrun,
    SYS_sched_getaffinity, SYS_sched_getparam, SYS_sched_getscheduler, SYS_sched_get_priority_max,
    SYS_sched_get_priority_min, SYS_sched_rr_get_interval, SYS_getpriority, SYS_getcpu, SYS_uname, SYS_sysinfo,
    SYS_getrandom, SYS_exit, SYS_exit_group, SYS_wait4, SYS_waitid, SYS_restart_syscall, SYS_prlimit64, SYS_getrlimit,
    SYS_setrlimit, SYS_membarrier, SYS_futex_waitv, SYS_close_range,
#if defined(__x86_64__)
    SYS_stat, SYS_lstat, SYS_epoll_wait, SYS_open, SYS_access, SYS_readlink, SYS_mkdir, SYS_rmdir, SYS_unlink, SYS_rename, SYS_link,
    SYS_symlink, SYS_chmod, SYS_utime, SYS_utimes, SYS_futimesat, SYS_dup2, SYS_pipe, SYS_poll, SYS_select,
    SYS_epoll_create, SYS_eventfd, SYS_getpgrp, SYS_pause, SYS_time, SYS_alarm, SYS_arch_prctl,
#endif
};

static const unsigned refused_calls[] = {
    SYS_socket, SYS_connect, SYS_bind, SYS_listen, SYS_accept, SYS_accept4, SYS_sendmsg, SYS_recvmsg, SYS_sendmmsg,
    SYS_recvmmsg, SYS_shutdown, SYS_getsockname, SYS_getpeername, SYS_setsockopt, SYS_getsockopt, SYS_sendto,
    SYS_recvfrom, SYS_socketpair, SYS_clone, SYS_execve, SYS_execveat, SYS_ptrace, SYS_process_vm_readv,
    SYS_process_vm_writev, SYS_process_madvise, SYS_kcmp, SYS_pidfd_open, SYS_pidfd_getfd, SYS_pidfd_send_signal,
    SYS_mount, SYS_umount2, SYS_pivot_root, SYS_chroot, SYS_unshare, SYS_setns, SYS_move_mount, SYS_open_tree,
    SYS_fsopen, SYS_fsconfig, SYS_fsmount, SYS_fspick, SYS_mount_setattr, SYS_bpf, SYS_perf_event_open, SYS_keyctl,
    SYS_add_key, SYS_request_key, SYS_io_uring_setup, SYS_io_uring_enter, SYS_io_uring_register, SYS_userfaultfd,
    SYS_memfd_create, SYS_memfd_secret, SYS_shmget, SYS_shmat, SYS_shmctl, SYS_shmdt, SYS_semget, SYS_semop,
    SYS_semctl, SYS_semtimedop, SYS_msgget, SYS_msgsnd, SYS_msgrcv, SYS_msgctl, SYS_mq_open, SYS_mq_unlink,
    SYS_mq_timedsend, SYS_mq_timedreceive, SYS_mq_notify, SYS_mq_getsetattr, SYS_init_module, SYS_finit_module,
    SYS_delete_module, SYS_kexec_load, SYS_kexec_file_load, SYS_reboot, SYS_swapon, SYS_swapoff, SYS_settimeofday,
    SYS_clock_settime, SYS_clock_adjtime, SYS_adjtimex, SYS_syslog, SYS_acct, SYS_quotactl, SYS_quotactl_fd,
    SYS_setuid, SYS_setgid, SYS_setreuid, SYS_setregid, SYS_setresuid, SYS_setresgid, SYS_setgroups, SYS_setfsuid,
    SYS_setfsgid, SYS_capset, SYS_personality, SYS_seccomp, SYS_landlock_create_ruleset, SYS_landlock_add_rule,
    SYS_landlock_restrict_self, SYS_name_to_handle_at, SYS_open_by_handle_at, SYS_mknodat, SYS_fchown, SYS_fchownat,
    SYS_setpgid, SYS_setsid, SYS_flock, SYS_sethostname, SYS_setdomainname, SYS_vhangup, SYS_fanotify_init, SYS_fanotify_mark,
    SYS_inotify_init1, SYS_setxattr, SYS_lsetxattr, SYS_fsetxattr, SYS_splice, SYS_tee, SYS_vmsplice, SYS_mlock,
    SYS_mlockall, SYS_mlock2, SYS_mbind, SYS_set_mempolicy, SYS_migrate_pages, SYS_move_pages, SYS_nfsservctl,
    SYS_lookup_dcookie, SYS_rt_sigqueueinfo, SYS_signalfd4, SYS_ioprio_set, SYS_sched_setscheduler, SYS_sched_setattr,
    SYS_sched_setparam, SYS_sched_setaffinity, SYS_setpriority, SYS_remap_file_pages,
#if defined(__x86_64__)
    SYS_fork, SYS_vfork, SYS_mknod, SYS_chown, SYS_lchown, SYS_iopl, SYS_ioperm, SYS_modify_ldt, SYS_inotify_init,
    SYS_uselib, SYS_ustat, SYS_sysfs, SYS__sysctl, SYS_create_module, SYS_afs_syscall, SYS_tuxcall, SYS_security,
    SYS_signalfd,
#endif
};
