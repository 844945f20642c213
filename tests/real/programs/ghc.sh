# shows: GHC's run-time system: light threads on two capabilities, a collector in parallel
# needs: ghc gcc
cat >program.hs <<'END'
import Control.Concurrent
import Control.Monad

main :: IO ()
main = do
  total <- newMVar (0 :: Int)
  ends <- forM [1 .. 4 :: Int] $ \_ -> do
    end <- newEmptyMVar
    _ <- forkIO (replicateM_ 2000 (modifyMVar_ total (return . (+ 1))) >> putMVar end ())
    return end
  mapM_ takeMVar ends
  readMVar total >>= print
END
ghc -v0 -O -threaded -rtsopts program.hs -o program || exit
$OBSERVE ./program +RTS -N2 -A64k
echo $?
