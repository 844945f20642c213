# shows: interpreter threads, shared variables, fork and pipes of Perl
# needs: perl
$OBSERVE perl -e '
use threads; use threads::shared; use Thread::Queue;
my $total :shared = 0; my $jobs = Thread::Queue->new;
my @workers = map { threads->create(sub {
	while (defined(my $n = $jobs->dequeue)) { lock($total); $total += $n }
}) } 1 .. 4;
$jobs->enqueue($_) for 1 .. 2000; $jobs->end; $_->join for @workers;
print "$total\n"; my $child = fork; exit 3 unless $child; waitpid $child, 0;
print $? >> 8, " ", scalar(`echo through a shell`);'
