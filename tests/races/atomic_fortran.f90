! RULES, 'Plain or atomic': Fortran with atomic accesses, and reductions. See plain_fortran.f90.

program atomic_fortran
  character(32) :: name
  integer :: i
  call get_command_argument(1, name)
  if (name == '--list') then
    print '(a)', 'flag silent', 'count silent', 'sum silent'
    stop
  end if
  do i = 0, max(command_argument_count() - 1, 0)
    call get_command_argument(i + 1, name)
    !$omp parallel num_threads(2)
    if (name == 'flag' .or. name == '') call flag_work()
    if (name == 'count' .or. name == '') call count_work()
    !$omp end parallel
    if (name == 'sum' .or. name == '') call sum_work()
  end do
end program

subroutine flag_work()
  integer :: flag, seen, i
  common /flag_place/ flag
  do i = 1, 1000
    !$omp atomic write
    flag = i
    !$omp atomic read
    seen = flag
    if (seen < 0) stop 1
  end do
end subroutine

subroutine count_work()
  integer :: total, i
  common /count_place/ total
  do i = 1, 1000
    !$omp atomic
    total = total + 1
  end do
end subroutine

subroutine sum_work()
  real(8) :: sum
  integer :: i
  sum = 0
  !$omp parallel do num_threads(2) reduction(+:sum)
  do i = 1, 1000
    sum = sum + i
  end do
  !$omp end parallel do
  if (sum < 0) stop 1
end subroutine
