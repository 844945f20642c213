# shows: ECL: an interpreter that jumps by distances of labels, threads over the Boehm collector
# needs: ecl
cat >guest.lsp <<'P'
(defvar *lock* (mp:make-lock))
(defvar *sum* 0)
(defun work (i)
  (dotimes (k 500) (make-list 10) (mp:with-lock (*lock*) (incf *sum* i))))
(let ((threads (loop for i below 4 collect
                     (let ((i i)) (mp:process-run-function 'worker (lambda () (work i)))))))
  (mapc #'mp:process-join threads)
  (print *sum*)
  (ext:quit 0))
P
$OBSERVE ecl --norc --load guest.lsp
