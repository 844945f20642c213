# shows: Ruby's threads, timer thread, queues, fork and children
# needs: ruby
$OBSERVE ruby -e '
require "thread"; require "monitor"; require "timeout"
queue, total, guard = SizedQueue.new(8), 0, Monitor.new
workers = 4.times.map { Thread.new { while (n = queue.pop) != :end; guard.synchronize { total += n }; end } }
2000.times { |n| queue << n }; 4.times { queue << :end }; workers.each(&:join); puts total
child = fork { Thread.new { }.join; exit!(6) }; Process.wait(child); puts $?.exitstatus, `echo shell`
begin; Timeout.timeout(0.05) { sleep }; rescue Timeout::Error; puts "timed out"; end
begin; Queue.new.pop; rescue Exception => e; puts e.class; end'
