# Runs a command in a session of its own until it ends, or until standard input closes: the program that started this holds the other end, and
# the kernel closes it however that program ends, kill -9 included. Then nothing of the command's session stays, nor the scratch directory.
#   spark-server.sh SCRATCH_DIRECTORY COMMAND [ARGUMENT]...
# Ctrl-C at a terminal reaches every process of the foreground; when to stop is for the program to say.
trap '' INT HUP QUIT TERM PIPE

scratch=$1
shift
exec 3<&0 </dev/null

new_session() {
    trap - INT HUP QUIT TERM PIPE
    if command -v setsid >/dev/null; then exec setsid "$@"; fi
    exec perl -MPOSIX -e 'POSIX::setsid(); exec @ARGV or die "$ARGV[0]: $!\n"' "$@"
}

# Signals the session; before it has become one, its first process.
signal() { kill "-$1" -- "-$server" || kill "-$1" "$server"; }

new_session "$@" 3<&- &
server=$!

(
    while read -r -u 3 _; do :; done
    # A program that needs Spark to clear up has left its process id here (DotnetRunner.cs): it is asked first, and has a minute.
    if [[ -s $scratch/program ]]; then
        program=$(<"$scratch/program")
        kill -TERM "$program"
        for _ in {1..600}; do
            kill -0 "$program" || break
            sleep 0.1
        done
    fi
    signal TERM
    for _ in {1..50}; do
        signal 0 || exit 0
        sleep 0.1
    done
    signal KILL
) 2>/dev/null &
watcher=$!

exec 3<&-
wait "$server"
status=$?
{
    kill -KILL "$watcher"
    kill -KILL -- "-$server" # executors and scripts that outlive their driver
    for _ in {1..20}; do # a JVM is some milliseconds about its end; no longer than a second, should nobody reap it
        kill -0 -- "-$server" || break
        sleep 0.05
    done
    for _ in {1..20}; do
        rm -rf -- "$scratch" && break
        sleep 0.1
    done
} 2>/dev/null
exit "$status"
