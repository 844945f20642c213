# shows: code made at run time, a collector that stops threads by signals
# needs: sbcl
cat >program.lisp <<'END'
(defvar *total* 0)
(defvar *lock* (sb-thread:make-mutex))
(let ((threads (loop for i below 4
                     collect (sb-thread:make-thread
                              (lambda ()
                                (dotimes (k 1000)
                                  (make-list 50)
                                  (sb-thread:with-mutex (*lock*) (incf *total*))))))))
  (mapc #'sb-thread:join-thread threads)
  (sb-ext:gc)
  (print *total*)
  (terpri))
END
$OBSERVE sbcl --script program.lisp
echo $?
