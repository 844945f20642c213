! RULES, 'Plain or not': Fortran, in a file that names nothing which could be another access. Each
! case has its data in a common block; see cases.h for the rest.
!
! * Options: -fno-inline

program plain_fortran
  character(32) :: name
  integer :: i
  call get_command_argument(1, name)
  if (name == '--list') then
    print '(a)', 'flag data-race:error', 'count lost-update:error', 'locked silent', 'apart silent'
    stop
  end if
  do i = 0, max(command_argument_count() - 1, 0)
    call get_command_argument(i + 1, name)
    !$omp parallel num_threads(2)
    if (name == 'flag' .or. name == '') call flag_work()
    if (name == 'count' .or. name == '') call count_work()
    if (name == 'locked' .or. name == '') call locked_work()
    if (name == 'apart' .or. name == '') call apart_work()
    !$omp end parallel
  end do
end program

subroutine flag_work()
  integer :: flag, i
  common /flag_place/ flag
  do i = 1, 1000
    flag = i
  end do
end subroutine

subroutine count_work()
  integer :: total, i
  common /count_place/ total
  do i = 1, 1000
    total = total + 1
  end do
end subroutine

subroutine locked_work()
  integer :: total
  common /locked_place/ total
  !$omp critical
  total = total + 1
  !$omp end critical
end subroutine

subroutine apart_work()
  use omp_lib
  integer :: items(2)
  common /apart_place/ items
  items(omp_get_thread_num() + 1) = 1
end subroutine
